"""Is a claim borne out by a passage? Cheap rules, each of which can say no, and how much of its words are there.

Not entailment: who swaps two names that one sentence has, or says of a sum what holds of its parts, is not caught, and
a claim in words that the passage does not use is refused. What it lets by and what it refuses is measured
(`sparing eval grounding`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sparing.finish.grounded.facts import names, negations, number_values, numbers, scale
from sparing.reducers.sentences import sentence_bounds
from sparing.reducers.stopwords import STOP
from sparing.reducers.terms import Term, grade, question_terms, text_words
from sparing.reducers.words import WORD, fold, stem

_MOST_UNITS = 3  # of a passage that one claim may rest on
_LEAST_GAIN = 0.1  # of the claim's weight that a further unit has to add
_TOP = 3  # units at the top, a title or a table's header row among them, belong to all below
_COVERED = 0.6
_FEWEST_DENIED = 3  # terms; fewer are a fragment, of which one cannot tell
_SHORT_TERMS = 4  # an answer of so few words is read together with the question
_ASKED = 0.3
_COUNTED = "dollar dollars usd euro euros eur pound pounds gbp percent percentage prozent"
_CLAUSE = re.compile(r"[,;:—–()]|\s-\s|\bbut\b|\bwhile\b|\balthough\b")
_CLAUSE_SHARE = 0.3
_SIGN = 3.0  # what a number weighs when units are chosen: the unit that has it is the one meant


@dataclass(frozen=True, slots=True)
class Borne:
    """What a passage has to say for a claim.

    Attributes:
        why: What stands against it; "" if it is borne out.
        contradicts: Whether that is a number, a name or a negation, and not only words that are missing.
        share: Of the claim's words, weighed by rarity, that the chosen units have, 0..1.
        start: Where in the passage the unit begins that bears most.
        end: Character after it.
    """

    why: str
    contradicts: bool
    share: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    text: str
    folded: str
    words: frozenset[str]
    stems: frozenset[str]
    values: frozenset[str]


def borne_out(claim: str, passage: str, question: str = "") -> Borne:
    """Judge a claim without its citations by one passage (with what stands above it).

    Args:
        question: What was asked: names in it need not be in the passage, and a short answer is read with it.
    """
    units = _units(passage)
    terms = _terms(claim)
    if not units or not (terms or numbers(claim)):
        return Borne("it has no words to look for", False, 0.0, 0, 0)
    chosen = _choose(terms, claim, units)
    beside = {at + step for at in chosen for step in (-1, 0, 1)} | set(range(_TOP))
    near = [units[at] for at in sorted(beside & set(range(len(units))))]
    best = units[chosen[0]]
    share = _share(terms, [units[at] for at in chosen])
    against = _contradiction(claim, passage, question, terms, best, near)
    return Borne(against or _doubt(terms, question, share, near), bool(against), share, best.start, best.end)


def _terms(text: str) -> tuple[Term, ...]:
    """Its words, without numbers and what they count in: numbers are compared by value."""
    counted = {word for number in numbers(text) for word in WORD.findall(fold(number.written))}
    return tuple(
        term for term in question_terms(text) if term.word not in counted and term.word not in _COUNTED.split()
    )


def _contradiction(
    claim: str, passage: str, question: str, terms: tuple[Term, ...], best: _Unit, near: list[_Unit]
) -> str:
    """The first number, name or negation of the claim that is not the passage's."""
    values = frozenset().union(*(unit.values for unit in near))
    for number in numbers(claim):
        if not number.values & values:
            return f"{number.written} is not said there"
    known = {stem(word) for word in (*text_words(fold(passage)), *text_words(fold(question)))}
    for name in names(claim):
        if stem(name) not in known:
            return f"{name} is not named there"
    if len(terms) >= _FEWEST_DENIED and _denies(claim, terms) != _denies(best.text, terms):
        return "one of the two denies what the other says"
    return ""


def _doubt(terms: tuple[Term, ...], question: str, share: float, near: list[_Unit]) -> str:
    """Why there is too little in common."""
    if len(terms) <= _SHORT_TERMS and question and _share(_terms(question), near) < _ASKED:
        return "it is not what is spoken of there"
    return "" if share >= _COVERED else f"only {share:.0%} of its words are there"


def _choose(terms: tuple[Term, ...], claim: str, units: tuple[_Unit, ...]) -> list[int]:
    """The units that together have most of the claim, the best first."""
    wanted = [number.values for number in numbers(claim)]
    missing = list(terms)
    total = sum(term.weight for term in terms)
    chosen: list[int] = []
    while len(chosen) < _MOST_UNITS:
        gains = [
            sum(term.weight * _grade(term, unit) for term in missing)
            + _SIGN * sum(bool(values & unit.values) for values in wanted) * (not chosen)
            for unit in units
        ]
        best = max(range(len(units)), key=lambda at: (gains[at], -at))
        if chosen and (best in chosen or gains[best] < _LEAST_GAIN * total):
            break
        chosen.append(best)
        missing = [term for term in missing if _grade(term, units[best]) < 1]
        if not missing:
            break
    return chosen


def _share(terms: tuple[Term, ...], units: list[_Unit]) -> float:
    total = sum(term.weight for term in terms)
    return sum(term.weight * max(_grade(term, unit) for unit in units) for term in terms) / total if total else 1.0


def _grade(term: Term, unit: _Unit) -> float:
    own = term.forms[0]
    if own.inside:
        return float(own.anchor in unit.folded)
    if own.stem in unit.stems or term.word in unit.words:
        return 1.0
    best = 0.0
    for form in term.forms:
        if form.anchor in unit.folded:
            best = max(best, *(grade(form, word) for word in unit.words if word.startswith(form.anchor)), 0.0)
    return best


def _denies(text: str, terms: tuple[Term, ...]) -> bool:
    """Whether the clauses of a text that speak of the terms deny something, an odd number of times."""
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    shares = [_share(terms, [_unit(clause, 0, len(clause))]) for clause in clauses]
    most = max(shares, default=0.0)
    spoken = [clause for clause, share in zip(clauses, shares, strict=True) if share >= min(_CLAUSE_SHARE, most)]
    return sum(map(negations, spoken)) % 2 == 1


@lru_cache(maxsize=256)
def _units(passage: str) -> tuple[_Unit, ...]:
    bounds, power = sentence_bounds(passage), scale(passage)
    return tuple(
        _unit(passage, start, end, power)
        for start, end in zip(bounds, bounds[1:], strict=False)
        if passage[start:end].strip()
    )


def _unit(passage: str, start: int, end: int, power: int = 0) -> _Unit:
    text = passage[start:end].rstrip()
    folded = fold(text)
    words = frozenset(text_words(folded))
    return _Unit(
        start,
        start + len(text),
        text,
        folded,
        words,
        frozenset(map(stem, words - STOP)),
        number_values(text, power),
    )
