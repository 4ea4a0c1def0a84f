"""What a question asks about: its words, weighed, each with the spellings that a text may have for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sparing.reducers.stopwords import FRAME, STOP, UNSPACED_STOP
from sparing.reducers.synonyms import synonyms
from sparing.reducers.words import WORD, fold, rarity, stem

_MAX_CHARS = 8_000
_MAX_TERMS = 40  # of a question as long as a document, the rarest
_MANY_TERMS = 16  # a question this long needs no synonyms
_FRAME_WEIGHT = 0.25
_SMALL_NUMBER_WEIGHT = 0.4  # "2" is everywhere; what it counts is told by the word beside it
_SYNONYM = 0.5  # of the word itself
_KIN = 0.5  # of a word that only begins like it: election for elect
_SHORTEST_KIN = 4
_LONGEST_TAIL = 8
_SHORTEST_MISSPELT = 5
_UNSPACED = re.compile(r"[\u0e00-\u0e7f]+|[\u3040-\u30ff\u3400-\u9fff]+")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_RESPELT = re.compile(r"[\u0600-\u06ff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_ARABIC_PREFIX = re.compile(r"^(?:[وف]?(?:ال|بال|كال|لل)|[وفبلك](?=ال))")
_THAI_GRAM, _HAN_GRAM = 4, 2

_IDENTIFIER = re.compile(
    r"""(?<![\w.@/-])(?=[\w.@/:#-]*(?:\d\d|[a-z][A-Z]|\w[_@/]\w|[A-Za-z]\d|\d[A-Za-z]))[\w#](?:[\w.@/:#-]*\w)?"""
)
_QUOTED = re.compile(r'"([^"\n]{2,80})"|“([^”\n]{2,80})”|«([^»\n]{2,80})»|`([^`\n]{2,80})`')


@dataclass(frozen=True, slots=True)
class Form:
    """One way a term may be written in a (folded) text.

    Attributes:
        anchor: What the word begins with.
        stem: The stem the whole word must have to count in full; "" when the anchor itself is all.
        grade: What a full match counts, 0..1.
        inside: Whether it may begin inside a word (scripts without spaces, prefixed articles).
        misspelt: Whether a word one letter away counts, and only that.
    """

    anchor: str
    stem: str
    grade: float
    inside: bool = False
    misspelt: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question.

    Attributes:
        word: As asked, folded.
        weight: By rarity in the language at large; the text's own statistics come on top.
        forms: Spellings, the word's own first.
    """

    word: str
    weight: float
    forms: tuple[Form, ...]


def identifiers(question: str) -> tuple[str, ...]:
    """What a question names literally, each once: quotations, then numbers of two digits or more, ids, paths, e-mail
    addresses, and names with an underscore, a dot and digit, or an inner capital."""
    quoted = ("".join(groups) for groups in _QUOTED.findall(question))
    return tuple(dict.fromkeys([*quoted, *_IDENTIFIER.findall(question)]))


def question_terms(question: str) -> tuple[Term, ...]:
    """The terms of a question in the order asked; the rarest of its beginning and end when it is very long."""
    return _terms(ends(question))


def ends(question: str) -> str:
    """A question; its beginning and end when it is as long as a document."""
    half = _MAX_CHARS // 2
    return question if len(question) <= _MAX_CHARS else f"{question[:half]} {question[-half:]}"


@lru_cache(maxsize=256)
def _terms(question: str) -> tuple[Term, ...]:
    words = list(dict.fromkeys(_content_words(question)))
    if len(words) > _MAX_TERMS:
        rarest = set(sorted(words, key=lambda word: (-_weight(word), word))[:_MAX_TERMS])
        words = [word for word in words if word in rarest]
    few = len(words) <= _MANY_TERMS
    stems = {stem(word) for word in words}
    terms: dict[str, Term] = {}
    for word in words:
        forms = [_own_form(word)]
        if few:
            forms += [
                Form(*_anchor(other), _SYNONYM) for other in synonyms().get(stem(word), ()) if stem(other) not in stems
            ]
        terms.setdefault(forms[0].stem or word, Term(word, _weight(word), tuple(forms)))
    return tuple(terms.values())


def text_words(folded: str) -> list[str]:
    """The words of a folded text as questions spell theirs: n-grams where a script writes no spaces."""
    words = WORD.findall(folded)
    if folded.isascii() or not _RESPELT.search(folded):
        return words
    spelt: list[str] = []
    for word in words:
        if _UNSPACED.search(word):
            spelt += _grams(word)
        elif _ARABIC.match(word):
            spelt += (word, _ARABIC_PREFIX.sub("", word))
        else:
            spelt.append(word)
    return spelt


def _content_words(question: str) -> list[str]:
    words: list[str] = []
    for word in WORD.findall(fold(question)):
        if _UNSPACED.search(word):
            words += _grams(word)
        elif word not in STOP:
            words.append(word)
    return words or [word for word in WORD.findall(fold(question)) if len(word) > 1]


def _grams(word: str) -> list[str]:
    """Overlapping n-grams of a run without spaces; what is written in another script beside it stays a word."""
    for known in UNSPACED_STOP:
        word = word.replace(known, " ")
    grams: list[str] = []
    for part in word.split():
        size = 1
        if match := _UNSPACED.fullmatch(part):
            size = _THAI_GRAM if "\u0e00" <= match[0][0] <= "\u0e7f" else _HAN_GRAM
            grams += [part[i : i + size] for i in range(max(1, len(part) - size + 1))]
        else:
            grams += _UNSPACED.sub(" ", part).split()
            for run in _UNSPACED.findall(part):
                grams += _grams(run)
    return grams


def _own_form(word: str) -> Form:
    if _UNSPACED.match(word):
        return Form(word, "", 1.0, inside=True)
    if _ARABIC.match(word):
        bare = _ARABIC_PREFIX.sub("", word)
        bare = bare if len(bare) >= 3 else word
        return Form(bare[: max(3, len(bare) - 2)], bare, 1.0, inside=True)
    return Form(*_anchor(word), 1.0)


def _anchor(word: str) -> tuple[str, str]:
    """What kin of the word begin with, and its stem."""
    cut = stem(word)
    if word[:1].isdigit() or len(cut) < _SHORTEST_KIN:
        return cut, cut
    return cut[: max(_SHORTEST_KIN, len(cut) - 2)], cut


def misspelt(term: Term) -> Form | None:
    """The form to look for when the word as asked is nowhere in the text."""
    word = term.word
    if len(word) < _SHORTEST_MISSPELT or not word.isalpha() or term.forms[0].inside:
        return None
    return Form(word[:3], word, 1.0, misspelt=True)


def _weight(word: str) -> float:
    weight = rarity(word)
    if word in FRAME:
        return weight * _FRAME_WEIGHT
    return weight * _SMALL_NUMBER_WEIGHT if word.isdigit() and len(word) <= 2 else weight


def grade(form: Form, word: str) -> float:
    """What a folded word of the text that begins with the form's anchor counts, 0..1."""
    if form.misspelt:
        return form.grade if _one_letter_off(form.stem, word) else 0.0
    if not form.stem or stem(word) == form.stem:
        return form.grade
    long_enough = len(form.anchor) >= _SHORTEST_KIN or not form.anchor.isascii()
    return form.grade * _KIN if long_enough and len(word) - len(form.anchor) <= _LONGEST_TAIL else 0.0


def _one_letter_off(a: str, b: str) -> bool:
    """Whether one letter added, left out, changed, or swapped with the next makes `a` of `b`."""
    if abs(len(a) - len(b)) > 1:
        return False
    i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[i:], b[i:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
