"""What can be told of a question by its form: length, options, numbers, negation, wording. Each a number.

Options are lines that begin ``A.``, ``B)`` and so on, as in multiple-choice tests. Nothing here knows a subject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log1p

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPTION = re.compile(r"\n\s*\(?[A-H][.)] ")
_ANSWER_CUE = re.compile(r"\s*\bAnswer:\s*$")
_NEGATION = re.compile(r"\b(?:not|except|least|never|incorrect|false|cannot|NOT|EXCEPT|LEAST)\b|n't\b")
_LOUD_NEGATION = re.compile(r"\b(?:NOT|EXCEPT|LEAST)\b")
_OF_THESE = re.compile(r"\b(?:all|none|both|neither) of\b|\bI and II\b|\bonly\b", re.IGNORECASE)
_NUMBERED = re.compile(r"\bI{2,3}\b|\bStatement 1\b")
_BEST = re.compile(r"\bbest\b|\bmost (?:likely|accurate)\b|\bstrongest\b|\bprimary\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:man|woman|defendant|plaintiff|owner|patient|client|he|she|his|her)\b")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_UNIT = re.compile(r"\b\d+ ?(?:kg|g|m|cm|mm|km|s|V|A|W|Hz|mol|K|°C|J|N)\b")
_MATH = re.compile(r"[=+*/^<>∃∀⊃≡~\\$]")
_SYMBOL = re.compile(r"[^\w\s.,;:'\"?!()-]")
_SENTENCE_END = re.compile(r"[.?!]\s")
_FIRST_WORDS = ("what", "which", "who", "when", "why", "how", "if", "the", "a", "in", "according", "for")
_LONG_WORD = 10  # letters
_READ_CHARS = 4_000  # of a question; a longer one is material


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart, lower-cased where words are compared."""

    text: str
    stem: str
    options: tuple[str, ...]
    words: tuple[str, ...]
    option_words: tuple[tuple[str, ...], ...]


def read_question(text: str) -> Question:
    """Take a question apart; one without options has none."""
    text = _ANSWER_CUE.sub("", text[-_READ_CHARS:].strip())
    stem, *options = _OPTION.split(text)
    return Question(text, stem, tuple(options), _words(stem), tuple(map(_words, options)))


def form_of(text: str) -> tuple[float, ...]:
    """The features of a question, in the order of `NAMES`."""
    question = read_question(text)
    return tuple(float(feature(question)) for feature in _FEATURES.values())


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def _share(values: Sequence[object]) -> float:
    return sum(map(bool, values)) / len(values) if values else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _lengths(question: Question) -> list[int]:
    return [len(option) for option in question.options] or [0]


def _alike(question: Question) -> list[float]:
    """Of each pair of options, the share of words in both."""
    sets = [set(words) for words in question.option_words]
    return [len(a & b) / max(1, len(a | b)) for at, a in enumerate(sets) for b in sets[at + 1 :]] or [0.0]


def _in_stem(question: Question) -> float:
    stem = set(question.words)
    return _mean([len(stem.intersection(words)) / max(1, len(set(words))) for words in question.option_words])


def _first(word: str) -> Callable[[Question], float]:
    return lambda question: float(question.words[:1] == (word,))


def _all_option_words(question: Question) -> list[str]:
    return [word for words in question.option_words for word in words]


_FEATURES: dict[str, Callable[[Question], float]] = {
    "length": lambda q: log1p(len(q.text)),
    "stem length": lambda q: log1p(len(q.stem)),
    "option length": lambda q: log1p(_mean(_lengths(q))),
    "longest option": lambda q: log1p(max(_lengths(q))),
    "range of option lengths": lambda q: log1p(max(_lengths(q)) - min(_lengths(q))),
    "likeness of options": lambda q: _mean(_alike(q)),
    "most alike options": lambda q: max(_alike(q)),
    "options in the stem": _in_stem,
    "options with numbers": lambda q: _share([_NUMBER.search(option) for option in q.options]),
    "options without words": lambda q: _share([not words for words in q.option_words]),
    "numbers": lambda q: log1p(len(_NUMBER.findall(q.stem))),
    "negation": lambda q: bool(_NEGATION.search(q.stem)),
    "negation in capitals": lambda q: bool(_LOUD_NEGATION.search(q.stem)),
    "negation in options": lambda q: _share([_NEGATION.search(option) for option in q.options]),
    "all or none of these": lambda q: any(_OF_THESE.search(option) for option in q.options),
    "numbered statements": lambda q: bool(_NUMBERED.search(q.text)),
    "ends as a question": lambda q: q.stem.rstrip().endswith("?"),
    "ends with a colon": lambda q: q.stem.rstrip().endswith(":"),
    "ends open": lambda q: q.stem.rstrip()[-1:] not in ("?", ".", ":", "_"),
    "blank": lambda q: "__" in q.stem,
    "which of the following": lambda q: "which of the following" in q.stem.lower(),
    "best or most likely": lambda q: bool(_BEST.search(q.stem)),
    "word length": lambda q: _mean([len(word) for word in q.words]),
    "long words": lambda q: _share([len(word) >= _LONG_WORD for word in q.words]),
    "word length of options": lambda q: _mean([len(word) for word in _all_option_words(q)]),
    "long words in options": lambda q: _share([len(word) >= _LONG_WORD for word in _all_option_words(q)]),
    "names": lambda q: _share([word[0].isupper() for word in _WORD.findall(q.stem)[1:]]),
    "options in capitals": lambda q: _share([option[:1].isupper() for option in q.options]),
    "signs of mathematics": lambda q: log1p(len(_MATH.findall(q.text))),
    "symbols": lambda q: log1p(len(_SYMBOL.findall(q.text))),
    "sentences": lambda q: log1p(len(_SENTENCE_END.findall(q.stem))),
    "quotation": lambda q: '"' in q.stem or "“" in q.stem,
    "persons": lambda q: bool(_PERSON.search(q.stem)),
    "year": lambda q: bool(_YEAR.search(q.text)),
    "units": lambda q: bool(_UNIT.search(q.text)),
    "words said once": lambda q: len(set(q.words)) / max(1, len(q.words)),
    **{f"begins with {word}": _first(word) for word in _FIRST_WORDS},
}
NAMES = tuple(_FEATURES)
