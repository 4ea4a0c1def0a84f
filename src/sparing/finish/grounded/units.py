"""A passage as the stretches that a claim may rest on: its sentences, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sparing.finish.grounded.facts import number_values, numbers, scale
from sparing.reducers.sentences import sentence_bounds
from sparing.reducers.stopwords import STOP
from sparing.reducers.terms import Term, grade, question_terms, text_words
from sparing.reducers.words import WORD, fold, stem

_COUNTED = frozenset(["dollar", "dollars", "usd", "euro", "euros", "eur", "pounds", "gbp", "percent", "prozent"])


@dataclass(frozen=True, slots=True)
class Unit:
    """One stretch.

    Attributes:
        start: First character in the passage.
        end: Character after the last, blanks not counted.
        values: All that its numbers may stand for.
    """

    start: int
    end: int
    text: str
    folded: str
    words: frozenset[str]
    stems: frozenset[str]
    values: frozenset[str]

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return "|" in self.text or "\t" in self.text.strip()


@lru_cache(maxsize=256)
def units_of(passage: str) -> tuple[Unit, ...]:
    """The units in order, blank ones left out."""
    bounds, power = sentence_bounds(passage), scale(passage)
    spans = [(_after_heading(passage, a, b), b) for a, b in zip(bounds, bounds[1:], strict=False)]
    return tuple(unit_of(passage[a:b], a, power) for a, b in spans if passage[a:b].strip())


def _after_heading(passage: str, start: int, end: int) -> int:
    """Where a sentence begins if the end of a heading was too short to be a sentence of its own."""
    cut = passage.rfind("\n\n", start, start + len(passage[start:end].rstrip()))
    return cut + 2 if cut >= 0 else start


@lru_cache(maxsize=4096)
def unit_of(text: str, start: int = 0, power: int = 0) -> Unit:
    """One text as a unit."""
    text = text.rstrip()
    folded = fold(text)
    words = frozenset(text_words(folded))
    stems = frozenset(map(stem, words - STOP))
    return Unit(start, start + len(text), text, folded, words, stems, number_values(text, power))


@lru_cache(maxsize=4096)
def terms_of(text: str) -> tuple[Term, ...]:
    """The words of a claim that carry meaning, without numbers and what they count in: those are compared by value."""
    counted = {word for number in numbers(text) for word in WORD.findall(fold(number.written))}
    return tuple(term for term in question_terms(text) if term.word not in counted | _COUNTED)


def share(terms: Sequence[Term], units: Sequence[Unit]) -> float:
    """How much of the terms, weighed by rarity, some units together have, 0..1; 1 of no terms."""
    total = sum(term.weight for term in terms)
    return sum(term.weight * max(said(term, unit) for unit in units) for term in terms) / total if total else 1.0


def said(term: Term, unit: Unit) -> float:
    """How well a unit has a word: 1 the word itself, less a kin or another name of it, 0 not at all."""
    own = term.forms[0]
    if own.inside:
        return float(own.anchor in unit.folded)
    if own.stem in unit.stems or term.word in unit.words:
        return 1.0
    grades = [
        grade(form, word)
        for form in term.forms
        if form.anchor in unit.folded
        for word in unit.words
        if word.startswith(form.anchor)
    ]
    return max(grades, default=0.0)
