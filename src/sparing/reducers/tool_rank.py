"""Which tools of a catalogue a question is about: BM25 of its words over names, descriptions, parameters and enums."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from sparing.core.deadline import Deadline
from sparing.reducers.bm25 import bm25, term_weights, unit_counts
from sparing.reducers.json_write import read
from sparing.reducers.matches import find_terms
from sparing.reducers.terms import question_terms
from sparing.reducers.tool_forms import at, forms
from sparing.reducers.tool_kinds import kinds_named
from sparing.reducers.tool_words import split_name
from sparing.reducers.words import fold

_K1, _B = 1.2, 0.6
_NAME_TIMES = 2  # a word of the name counts as if it stood there this often
_TEXTS = ("description", "title")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Tools by how much they have to do with a question.

    Attributes:
        order: Indices, best first; equals in the order of the catalogue.
        scores: Of each tool, in the order of the catalogue; 0 where no word matches.
        evidence: Score of the best tool, in units of what one word scores that only one tool has; 0 where none
            matches. It does not depend on the size of the catalogue.
    """

    order: tuple[int, ...]
    scores: tuple[float, ...]
    evidence: float


def rank_tools(definitions: Sequence[str], question: str) -> Ranking:
    """Rank tool definitions (JSON text)."""
    texts = [_searchable(definition) for definition in definitions]
    terms = question_terms(f"{question} {kinds_named(question)}")
    if not terms or not texts:
        return Ranking(tuple(range(len(texts))), (0.0,) * len(texts), 0.0)
    bounds = list(accumulate(map(len, texts), initial=0))
    counts = unit_counts(find_terms(fold("".join(texts)), terms, Deadline()), bounds)
    weights = term_weights([term.weight for term in terms], (counts, len(texts)))
    scores = bm25(counts, weights, [b - a for a, b in pairwise(bounds)], _K1, _B)
    order = sorted(range(len(texts)), key=lambda i: -scores[i])
    of_one = math.log(1 + (len(texts) - 0.5) / 1.5)  # idf of what is in one of them, as in `bm25`
    return Ranking(tuple(order), tuple(scores), scores[order[0]] / of_one)


def _searchable(definition: str) -> str:
    try:
        tool = read(definition)
        holders = [at(tool, form.path) for form in forms(tool)]
        names = [split_name(holder["name"]) for holder in holders] * _NAME_TIMES
        return "\n".join([*names, *(text for holder in holders for text in _texts(holder)), ""])
    except (ValueError, RecursionError):
        return definition + "\n"


def _texts(node: Any) -> Iterator[str]:
    """Descriptions, names of properties and enumerated values anywhere in a definition."""
    if isinstance(node, list):
        for inner in node:
            yield from _texts(inner)
    elif isinstance(node, dict):
        for key, inner in node.items():
            if key in _TEXTS and isinstance(inner, str):
                yield inner
            elif key == "enum" and isinstance(inner, list):
                yield from (split_name(value) for value in inner if isinstance(value, str))
            else:
                if key == "properties" and isinstance(inner, dict):
                    yield from map(split_name, inner)
                yield from _texts(inner)
