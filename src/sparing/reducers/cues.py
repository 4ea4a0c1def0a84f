"""What kind of thing a question asks for, and which units of a text have one: a time, a number, a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from sparing.reducers.words import WORD, fold


class Kind(StrEnum):
    TIME = "time"
    NUMBER = "number"
    NAME = "name"


# Question words, folded. The first kind that the question has a word or a phrase of is its kind.
_QUESTION_WORDS = {
    Kind.TIME: "when wann cuando quand quando cand когда ποτε متي कब",
    Kind.NUMBER: "population wieviel wieviele cuanta cuantas cuanto cuantos combien quanti quante quantos quantas cati "
    "cate сколько ποσα ποσοι ποσες ποσο ποσους kac كم कितना कितनी कितने",
    Kind.NAME: "who whose whom where wer wen wem wessen wo quien quienes donde qui ou chi dove cine unde кто кого кем "
    "кому где ποιος ποιοι ποιον ποια που kim kimdir kimin nerede nerededir ai dau من اين कौन किसने कहां कहाँ",
}
_ONE = "(?:city|country|state|place|town|company|person|team|president|king|queen)"
_PHRASES = {
    Kind.TIME: re.compile(
        r"\b(?:what|which) (?:year|date|day|month|time)|welche[mn] jahr|ano fue|каком году|ne zaman|hangi yil|khi nao"
        r"|nam nao|किस वर्ष|何时|哪年|哪一年|什么时候|เมื่อ"
    ),
    Kind.NUMBER: re.compile(
        r"\bhow (?:many|much|long|old|tall|far|big|large|fast|high|deep|often)|what (?:percentage|percent|number)"
        r"|wie viele?|bao nhieu|多少|几|กี่|เท่า"
    ),
    Kind.NAME: re.compile(rf"\b(?:what|which) {_ONE}|\bwho's|谁|哪里|ใคร|ที่ไหน"),
}
_WORD_KINDS = {word: kind for kind, words in _QUESTION_WORDS.items() for word in fold(words).split()}

_MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|March|April|May|June|July|Aug(?:ust)?|Sept(?:ember)?|Oct(?:ober)?|Nov(?:ember)?"
    "|Dec(?:ember)?"
)
_TIME = re.compile(rf"\b(?:1\d{{3}}|20\d\d|{_MONTH})\b")
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|million|billion|once|twice)\b"
)
_NAME = re.compile(r"(?<=[^.!?\s]\s)[^\W\d_a-zß-öø-ÿа-яёα-ω]\w+")


def kind_asked(question: str) -> Kind | None:
    """The kind of thing asked for, where the question's wording tells."""
    folded = fold(question)
    words = {_WORD_KINDS[word] for word in WORD.findall(folded) if word in _WORD_KINDS}
    return next((kind for kind in Kind if kind in words or _PHRASES[kind].search(folded)), None)


def cue_scores(text: str, bounds: Sequence[int], question: str) -> list[float]:
    """1 for a unit that has the kind of thing asked for (a name must be one the question lacks), else 0."""
    kind = kind_asked(question)
    if kind is Kind.NAME:
        folded = fold(question)
        return [float(_has_new_name(text, a, b, folded)) for a, b in pairwise(bounds)]
    if kind is None:
        return [0.0] * (len(bounds) - 1)
    pattern = _TIME if kind is Kind.TIME else _NUMBER
    return [float(pattern.search(text, a, b) is not None) for a, b in pairwise(bounds)]


def _has_new_name(text: str, start: int, end: int, folded_question: str) -> bool:
    return any(fold(name[0]) not in folded_question for name in _NAME.finditer(text, start, end))
