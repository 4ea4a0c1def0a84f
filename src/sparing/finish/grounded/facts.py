"""What may not differ between a claim and what bears it out: its numbers, its names, its negations."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from sparing.reducers.words import WORD, fold

_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:[.,:/'’\u00a0\u202f]\d+)*|(?<=[A-Za-z])\d+", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?:\.\d+)?")
_GROUPED_BY_DOT = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_SCALES = {
    **dict.fromkeys(("thousand", "thousands", "tausend", "mil", "k"), 3),
    **dict.fromkeys(("million", "millions", "millionen", "mio", "mn", "m", "millones"), 6),
    **dict.fromkeys(("billion", "billions", "milliarden", "mrd", "bn", "b"), 9),
    **dict.fromkeys(("trillion", "trillions"), 12),
}
_SCALE_AFTER = re.compile(r"\s?([A-Za-z]{1,9})\b")
_TABLE_SCALE = re.compile(r"(?:\bin |[$€£] ?)(?:[A-Z]{2,3} |[$€£] ?)?(thousand|million|billion)s\b", re.IGNORECASE)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_IN_WORDS = {
    word: str(number)
    for number, word in [
        *enumerate(_words("two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"), 2),
        *enumerate(_words("sixteen seventeen eighteen nineteen twenty"), 16),
        *zip(range(30, 100, 10), _words("thirty forty fifty sixty seventy eighty ninety"), strict=True),
        *enumerate(_words("second third fourth fifth sixth seventh eighth ninth tenth"), 2),
        *enumerate(_words("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"), 2),
    ]
}
_NEGATIONS = frozenset(
    _words(
        """
        not no never without none nobody nothing neither nor cannot unable prohibited forbidden refused
        rejected denied excluded ineligible nicht kein keine keinen keiner ohne nie niemals ne pas jamais sans aucun
        nunca sin ningún ninguna non senza não sem niet geen zonder inte utan nie bez değil yok tidak bukan tanpa không
        не без нет никогда нельзя δεν όχι χωρίς
        """
    )
)
_TOKEN = re.compile(r"[^\W\d_][^\W_]*(?:['’.&-][^\W\d_]+)*")
_START = re.compile(r"(?:\A|[.!?:;]\s+|\n\s*)[\"'“‘«(\[*_>#\s•–-]*\Z")
# Words that begin sentences with a capital, or always have one, and name nothing that a passage would have to hold.
_NO_NAMES = frozenset(
    _words(
        """
        i a an the this that these those it its he she they we you his her their our my your there here in on at by for
        from to of with as if when while where who what which how why and or but so yes no not according based however
        therefore answer passage passages source sources text context document documents section article question
        """
    )
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, and all that it may stand for: ``1.200`` is 1200 or 1.2."""

    written: str
    values: frozenset[str]


@lru_cache(maxsize=4096)
def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text in order, in digits and, from two on, in words."""
    found: list[tuple[int, Number]] = []
    for match in _NUMBER.finditer(text):
        after = _SCALE_AFTER.match(text, match.end())
        power = _SCALES.get(after[1].lower(), 0) if after else 0
        found.append((match.start(), Number(match[0], _values(match[0].lstrip("-−"), power))))
    for match in _TOKEN.finditer(text):
        if (word := match[0].lower()) in _IN_WORDS:
            after = _SCALE_AFTER.match(text, match.end())
            power = _SCALES.get(after[1].lower(), 0) if after and len(after[1]) > 2 else 0
            found.append((match.start(), Number(match[0], _values(_IN_WORDS[word], power))))
    return tuple(number for _, number in sorted(found, key=lambda one: one[0]))


def number_values(text: str, power: int = 0) -> frozenset[str]:
    """All that the numbers of a text may stand for; under a table's power of ten (`scale`) a multiple too."""
    values = frozenset(value for number in numbers(text) for value in number.values)
    return values | {_times(value, power) for value in values} if power else values


@lru_cache(maxsize=256)
def scale(text: str) -> int:
    """The power of ten of a text that says ``in thousands`` or ``$ millions`` of its figures; 0 if it does not."""
    match = _TABLE_SCALE.search(text)
    return _SCALES[match[1].lower()] if match else 0


def _values(written: str, power: int) -> frozenset[str]:
    readings = {written}
    if _GROUPED.fullmatch(written):
        readings = {re.sub(r"[^\d.]", "", written)}
    elif _GROUPED_BY_DOT.fullmatch(written):
        readings = {written.replace(".", "").replace(",", "."), written.replace(",", ".")}
    elif re.fullmatch(r"\d+,\d+", written):
        readings = {written.replace(",", ".")}
    values = {_times(reading, 0) for reading in readings}
    return frozenset(values | {_times(value, power) for value in values} if power else values)


def _times(value: str, power: int) -> str:
    """A decimal number times a power of ten, in its shortest form; what is none (a date, a time) as it is."""
    if not re.fullmatch(r"\d+(?:\.\d+)?", value):
        return value
    whole, _, part = value.partition(".")
    part = part.ljust(power, "0")
    whole, part = (whole + part[:power]).lstrip("0") or "0", part[power:].rstrip("0")
    return f"{whole}.{part}" if part else whole


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[str, ...]:
    """Words with a capital where none has to be, folded: in a sentence, or at its start before another such word."""
    text = unicodedata.normalize("NFC", text)
    tokens = list(_TOKEN.finditer(text))
    found: list[str] = []
    for match, after in zip_longest(tokens, tokens[1:]):
        word = match[0]
        if not word[0].isupper() or fold(word) in _NO_NAMES or fold(word) in _IN_WORDS:
            continue
        first = _START.search(text, max(0, match.start() - 12), match.start()) is not None
        joined = after is not None and after[0][0].isupper() and text[match.end() : after.start()] == " "
        if not first or joined or (len(word) > 1 and word.isupper()):
            found += WORD.findall(fold(word))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def negations(text: str) -> int:
    """How many words of a text deny."""
    words = (match[0].lower().replace("’", "'") for match in _TOKEN.finditer(text))
    return sum(word in _NEGATIONS or word.endswith("n't") for word in words)
