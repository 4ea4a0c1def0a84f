"""Whether a text is a conversation: lines that begin with a speaker, several speakers, and sentences behind them.

What looks alike and is none: settings and records (``key: value``, few words), logs (levels and components), mail
headers, and lists of questions with answers.
"""

from __future__ import annotations

import re

from sparing.reducers.sample import Sample
from sparing.reducers.words import fold

_MIN_TURNS = 4
_TURN_SHARE = 0.6  # of the lines
_SPEAKER_SHARE = 0.6  # different speakers per turn, at most
_SAID_SHARE = 0.5  # of the turns that read as said
_SAID_WORDS = 5  # fewer need a full stop, a question mark or the like
_LONG_CHARS = 120
_ENDED_SHARE = 0.2  # of the turns that end as a sentence does

_TURN = re.compile(
    r"(?:\[[^\]\n]{1,24}\][ \t]*|\d{1,2}:\d\d(?::\d\d)?[ \t]+)?"
    r"(?:<(?P<nick>[^>\n]{1,32})>|(?P<name>[^\W\d_](?:[^:：\n(\"{}=\[\]]|\([^)\n]{0,40}\)){0,47})[:：])"
    r"(?:[ \t]+|(?<=：))(?P<words>.*)"
)
# Names of speakers that are told by themselves, and need no capital.
_ROLES = frozenset(
    re.findall(
        r"\w+",
        """
        user assistant system human ai bot agent customer client caller doctor patient teacher student interviewer
        interviewee host guest nutzer kunde usuario cliente asistente utilisateur
        """,
    )
)
# What stands before a colon and is nobody's name.
_NO_SPEAKERS = frozenset(
    re.findall(
        r"[\w-]+",
        """
        info warn warning error debug trace fatal notice critical note hint tip todo fixme example usage see from to cc
        bcc subject date sent reply-to title author url http https file line name id type status version description
        default returns raises args parameters input output step q a question answer frage antwort pregunta respuesta
        """,
    )
)


def is_dialogue(sample: Sample) -> bool:
    """Judged by the lines of a sample."""
    matches = [match for line in sample.lines if (match := _TURN.match(line))]
    if len(matches) < max(_MIN_TURNS, _TURN_SHARE * len(sample.lines)):
        return False
    speakers = [fold(match["nick"] or match["name"]).strip() for match in matches]
    different = set(speakers)
    if not 2 <= len(different) <= _SPEAKER_SHARE * len(speakers):
        return False
    if sum(speaker in _NO_SPEAKERS for speaker in speakers) > 0.2 * len(speakers):
        return False
    if sum(map(_is_name, matches)) < 0.9 * len(matches):
        return False
    if different <= _ROLES:
        return True
    said = [match["words"] for match in matches]
    if sum(map(_is_ended, said)) < _ENDED_SHARE * len(said):
        return False
    return sum(map(_is_said, said)) >= _SAID_SHARE * len(said)


def _is_name(match: re.Match[str]) -> bool:
    name = match["name"]
    return name is None or not name[0].islower() or fold(name) in _ROLES


def _is_said(words: str) -> bool:
    return len(words.split()) >= _SAID_WORDS or _is_ended(words)


def _is_ended(words: str) -> bool:
    """Whether it ends as a sentence; what the sample cut off counts as one."""
    return len(words) >= _LONG_CHARS or words.rstrip("\"'”’)] ")[-1:] in tuple(".?!…。？！")
