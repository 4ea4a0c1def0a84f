"""How likely each turn of a conversation holds what a question asks for: `evidence`, and what is particular to talk.

Between two people a name in the question tells who speaks, not where to look: half of all turns are that person's. An
answer belongs to the question before it, which may have all the words. To "when" the answer is a turn that says a time,
often "yesterday", and the date of the session it was said in; and a date in the question is that of a session.
Meetings of several people are left to `evidence`, which looks for the stretch where a subject is discussed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sparing.core.deadline import Deadline
from sparing.reducers.cues import Kind, kind_asked
from sparing.reducers.evidence import OWN_FACT, evidence
from sparing.reducers.passages import Layout
from sparing.reducers.speakers import speaker_at
from sparing.reducers.words import WORD, fold

_SPEAKER = 1.2
_ANSWER, _QUESTION = 0.3, 0.1  # of the score of the turn before, and of the turn after
_TIME = 1.2
_SESSION = 0.2  # of what the date over a session has to do with the question
_SHORTEST_NAME = 3
_HEADER_CHARS = 80

_SAYS_TIME = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|ago|last|next|this (?:week|month|year|morning|summer|weekend)|recently"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|week(?:end)?|(?:19|20)\d\d|jan(?:uary)?|feb(?:ruary)?|march|april|june"
    r"|july|aug(?:ust)?|sept(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|\d{1,2}(?:st|nd|rd|th)|since|years?"
    r"|gestern|heute|morgen|letzten?|nachsten?|ayer|hoy|manana|pasado|hier|demain|dernier|derniere)\b"
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A layout whose passages are turns, and what is known of each unit.

    Attributes:
        speakers: "" for what nobody says, and for the later units of a long turn.
        headers: The session header over each unit, itself if it is one; -1 if none. A header is a short line with a
            number in it that nobody says.
    """

    text: str
    layout: Layout
    speakers: Sequence[str]
    headers: Sequence[int]


def turn_evidence(text: str, layout: Layout, question: str, deadline: Deadline) -> list[float]:
    """One score >= 0 per unit; all 0 when no word of the question is found.

    Args:
        layout: Of a transcript, so its passages are turns.
    """
    speakers = [speaker_at(text, start) for start in layout.bounds[:-1]]
    if len(set(speakers) - {""}) != 2:
        return evidence(text, layout, question, deadline)
    talk = Talk(text, layout, speakers, _headers(text, layout, speakers))
    scores = _paired(talk, _by_speaker(talk, question, deadline))
    scores = _by_session(talk, scores)
    return _by_time(talk, scores) if kind_asked(question) is Kind.TIME else scores


def _headers(text: str, layout: Layout, speakers: Sequence[str]) -> list[int]:
    bounds, turn_of = layout.bounds, layout.passage_of
    headers = []
    header = -1
    for unit, speaker in enumerate(speakers):
        starts_line = not unit or turn_of[unit] != turn_of[unit - 1]
        line = text[bounds[unit] : bounds[unit + 1]]
        if starts_line and not speaker and len(line) <= _HEADER_CHARS and any(map(str.isdigit, line)):
            header = unit
        headers.append(header)
    return headers


def _by_speaker(talk: Talk, question: str, deadline: Deadline) -> list[float]:
    """Scores by what is asked about whom: the names are no words to look for, but those who are named speak of it."""
    asked = set(WORD.findall(fold(question)))
    named = {name for name in set(talk.speakers) if asked & _names(name)}
    about = _without(question, {word for name in named for word in _names(name)})
    scores = evidence(talk.text, talk.layout, about, deadline, OWN_FACT)
    if not any(scores):
        return evidence(talk.text, talk.layout, question, deadline, OWN_FACT)
    if len(named) != 1:
        return scores
    return [s * (_SPEAKER if speaker in named else 1.0) for s, speaker in zip(scores, talk.speakers, strict=True)]


def _names(speaker: str) -> set[str]:
    return {word for word in WORD.findall(fold(speaker)) if len(word) >= _SHORTEST_NAME}


def _without(question: str, words: set[str]) -> str:
    return WORD.sub(lambda word: "" if fold(word[0]) in words else word[0], question) if words else question


def _paired(talk: Talk, scores: Sequence[float]) -> list[float]:
    """Questions and the answers after them share a little of their scores."""
    asks = [talk.text[a:b].rstrip().endswith(("?", "？")) for a, b in pairwise(talk.layout.bounds)]
    paired = list(scores)
    for unit in range(len(scores) - 1):
        if asks[unit]:
            paired[unit + 1] += _ANSWER * scores[unit]
            paired[unit] += _QUESTION * scores[unit + 1]
    return paired


def _by_session(talk: Talk, scores: Sequence[float]) -> list[float]:
    """What a header has to do with the question counts for all of its session."""
    return [
        score + (_SESSION * scores[header] if 0 <= header != unit else 0.0)
        for unit, (score, header) in enumerate(zip(scores, talk.headers, strict=True))
    ]


def _by_time(talk: Talk, scores: Sequence[float]) -> list[float]:
    """Turns that say a time count for more; the date of a session goes with the best turn of it."""
    folded = fold(talk.text)
    timed = [
        score * (_TIME if _SAYS_TIME.search(folded, a, b) else 1.0)
        for score, (a, b) in zip(scores, pairwise(talk.layout.bounds), strict=True)
    ]
    for unit, header in enumerate(talk.headers):
        if header >= 0:
            timed[header] = max(timed[header], timed[unit])
    return timed
