"""Is a claim borne out by a passage? Cheap rules, each of which can say no, and how much of its words are there.

Not entailment: a claim in words that the passage does not use is refused, what only a sum or a conclusion yields too,
and who makes something else of the very words of one sentence is believed. What is let by and what is refused is
measured (`sparing eval grounding`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.finish.grounded.facts import names, negations, number_values, numbers
from sparing.finish.grounded.tables import cells, head_values, label_values, misplaced, under_head
from sparing.finish.grounded.units import Unit, said, share, terms_of, unit_of, units_of
from sparing.reducers.terms import Term, text_words
from sparing.reducers.words import fold, stem

_MOST_UNITS = 3  # of a passage that one claim may rest on
_LEAST_GAIN = 0.1  # of the claim's weight that a further unit has to add
_COVERED = 0.6
_FEWEST_DENIED = 3  # terms; fewer are a fragment, of which one cannot tell
_SHORT_TERMS = 4  # an answer of so few words is read together with the question
_ASKED = 0.3  # of the question's words have to be beside a short answer
_NEARLY = 0.7  # and so much of what the passage's best place has of them
_FIGURE = 1.0  # what a number weighs when units are chosen
_JOINT = re.compile(r";|,? \b(?:and|while|whereas|but|und|et|y)\b ")
_CLAUSE = re.compile(r"[,;:](?!\d)|[—–()]|\s-\s|\bbut\b|\bwhile\b|\balthough\b")
_CLAUSE_SHARE = 0.5  # of the words of a clause that a claim has to have to be about it


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


def borne_out(claim: str, passage: str, question: str = "", heads: str = "") -> Borne:
    """Judge a claim without its citations by one passage; what is joined by "and" also part by part.

    Args:
        question: What was asked: names in it need not be in the passage, and a short answer is read with it.
        heads: What stands above the passage; its names and numbers count for every sentence below.
    """
    whole = _borne_out(claim, passage, question, heads)
    parts = _parts(claim) if whole.why else []
    if len(parts) < 2:
        return whole
    judged = [_borne_out(part, passage, question, heads) for part in parts]
    if any(part.why for part in judged):
        return whole
    return Borne("", False, min(part.share for part in judged), judged[0].start, judged[0].end)


def _parts(claim: str) -> list[str]:
    """What a claim puts together, where each part is long enough to be a claim."""
    parts: list[str] = []
    at = 0
    for joint in [*_JOINT.finditer(claim), None]:
        part = claim[at : joint.start() if joint else len(claim)]
        if len(terms_of(part)) >= _SHORT_TERMS:
            parts.append(part)
            at = joint.start() if joint else at
    if parts and len(terms_of(claim[at:])) < _SHORT_TERMS and at < len(claim):
        parts[-1] += claim[at:]
    return parts


def _borne_out(claim: str, passage: str, question: str, heads: str) -> Borne:
    units = units_of(passage)
    terms = terms_of(claim)
    if not units or not (terms or numbers(claim)):
        return Borne("it has no words to look for", False, 0.0, 0, 0)
    short = bool(question) and len(terms) <= _SHORT_TERMS
    chosen = _choose(terms, claim, units, terms_of(question) if short else ())
    best = units[chosen[0]]
    place = units[max(0, chosen[0] - 1) : chosen[0] + 1]
    there = share(terms, [units[at] for at in chosen] if not short else place)
    if why := _figure(claim, f"{question} {claim}" if short else claim, passage, best, heads):
        return Borne(why, True, there, best.start, best.end)
    if why := _name(claim, place, f"{heads} {question}"):
        return Borne(why, True, there, best.start, best.end)
    if len(terms) >= _FEWEST_DENIED and _denied_otherwise(claim, best):
        return Borne("one of the two denies what the other says", True, there, best.start, best.end)
    if short and (why := _elsewhere(terms_of(question), place, units)):
        return Borne(why, False, there, best.start, best.end)
    why = "" if there >= _COVERED else f"only {there:.0%} of its words are there"
    return Borne(why, False, there, best.start, best.end)


def _figure(claim: str, read: str, passage: str, best: Unit, heads: str) -> str:
    """The first number that is not said there, or of something else: numbers do not come from a sentence near by."""
    prose = frozenset() if best.is_row else best.values
    table = under_head(passage, heads)
    rows = frozenset().union(*(cell.values for cell in cells(table)))
    above = number_values(heads) | head_values(table)
    if any(number.values & rows for number in numbers(claim)):  # what names a row is no figure by itself
        above |= label_values(table)
    for number in numbers(claim):
        if not number.values & (prose | rows | above):
            return f"{number.written} is not said there"
        if not number.values & (prose | above) and (why := misplaced(read, table, number.values)):
            return f"{number.written} {why}"
    return ""


def _name(claim: str, place: Sequence[Unit], known: str) -> str:
    """The first name that neither the place nor what stands above it has."""
    stems = {stem(word) for unit in place for word in unit.words} | {stem(word) for word in text_words(fold(known))}
    return next((f"{name} is not named there" for name in names(claim) if stem(name) not in stems), "")


def _elsewhere(asked: Sequence[Term], place: Sequence[Unit], units: Sequence[Unit]) -> str:
    """Whether a question is rather answered in another place."""
    here = share(asked, place)
    best = max(share(asked, units[max(0, at - 1) : at + 1]) for at in range(len(units)))
    return "it is not what is spoken of there" if here < max(_ASKED, _NEARLY * best) else ""


def _choose(terms: Sequence[Term], claim: str, units: Sequence[Unit], asked: Sequence[Term]) -> list[int]:
    """The units that together have most of the claim, the best first; between equals what has most of the question."""
    figures = [number.values for number in numbers(claim)]
    missing = list(terms)
    total = sum(term.weight for term in terms) + _FIGURE * len(figures)
    beside = [share(asked, units[max(0, at - 1) : at + 1]) if asked else 0.0 for at in range(len(units))]
    chosen: list[int] = []
    while len(chosen) < _MOST_UNITS and (missing or figures):
        gains = [
            sum(term.weight * said(term, unit) for term in missing)
            + _FIGURE * sum(bool(values & unit.values) for values in figures)
            for unit in units
        ]
        best = max(range(len(units)), key=lambda at: (round(gains[at], 6), beside[at], -at))
        if chosen and (best in chosen or gains[best] < _LEAST_GAIN * total):
            break
        chosen.append(best)
        missing = [term for term in missing if said(term, units[best]) < 1]
        figures = [values for values in figures if not values & units[best].values]
    return chosen


def _denied_otherwise(claim: str, best: Unit) -> bool:
    """Whether a claim denies an odd number of times and the unit's clauses that it has an even one, or the reverse."""
    ours = unit_of(claim)
    clauses = [clause for clause in _CLAUSE.split(best.text) if negations(clause)]
    spoken = [clause for clause in clauses if share(terms_of(clause), [ours]) >= _CLAUSE_SHARE]
    return (negations(claim) + sum(map(negations, spoken))) % 2 == 1
