"""Shorten the description of a tool or of a parameter to its own informative sentences and clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from re import Pattern

from sparing.reducers.sentences import sentence_bounds
from sparing.reducers.tool_words import clauses, is_known, trim


@dataclass(frozen=True, slots=True)
class Care:
    """How much of a description stays.

    Attributes:
        never_empty: Whether the first sentence stays even if it says nothing new.
        plain: How many sentences without a cue stay.
        cues: A sentence that one of these matches stays.
        gloss: Whether the first clause of a sentence stays without a cue.
        clauses: Whether the clauses after it do.
        whole: Whether a sentence with a cue stays as it is.
    """

    never_empty: bool
    plain: int
    cues: tuple[Pattern[str], ...]
    gloss: bool = True
    clauses: bool = True
    whole: bool = False

    def has_cue(self, text: str) -> bool:
        return any(cue.search(text) for cue in self.cues)


_LINE = re.compile(r"(?<=\n)[ \t]*(?=[^ \t\n])")


def unindent(text: str) -> str:
    """The text without blanks around it and without the indentation that its lines after the first share."""
    text = text.strip()
    margins = _LINE.findall(text)
    margin = min(margins, key=len, default="")
    if not margin or not all(other.startswith(margin) for other in margins):
        return text
    return text.replace(f"\n{margin}", "\n")


def shorten(text: str, care: Care, known: frozenset[str], around: frozenset[str] = frozenset()) -> str:
    """The sentences and clauses of `text` that stay; "" if none says anything new.

    Args:
        known: Stems of the words that the schema says beside the description.
        around: Stems that are known besides where a first clause ends: ``of the triangle`` in a triangle's tool.
    Returns:
        A text made of stretches of `text` in their order.
    """
    text = unindent(text)
    bounds = sentence_bounds(text)
    kept: list[str] = []
    plain, listed = care.plain, False
    for start, end in pairwise(bounds):
        sentence = text[start:end]
        cued = listed or care.has_cue(sentence)
        if not cued and not plain:
            continue
        if listed or (cued and care.whole):
            short = sentence
        else:
            short = _shorten_sentence(sentence, care, known, around, trimmed=not start)
        if short.strip() and (plain or listed or care.has_cue(short)):
            plain -= not cued
            kept.append(short)
            listed = _announces(sentence) or (listed and "\n\n" not in sentence)
    if not kept and care.never_empty:
        return trim(text[: bounds[1]], around).strip() if text else ""
    return "".join(kept).strip()


def _announces(sentence: str) -> bool:
    """Whether what follows belongs to it: the examples after "Examples:"."""
    return sentence.rstrip().endswith(":") and "\n\n" not in sentence


def _shorten_sentence(
    sentence: str, care: Care, known: frozenset[str], around: frozenset[str], *, trimmed: bool
) -> str:
    """The clauses that stay, with the sentence's full stop; the first one without what only opens or repeats."""
    body = sentence.rstrip()
    kept: list[str] = []
    for i, clause in enumerate(clauses(body)):
        if not i and trimmed:
            clause = trim(clause, known | around)
        stays = care.clauses if i else care.gloss
        if (stays or care.has_cue(clause)) and not is_known(clause, known):
            kept.append(clause if kept or not i else clause.lstrip(" \t\n,;:–—-") or clause)
    text = "".join(kept)
    stop = body[len(body.rstrip(".!?")) :]
    if not text or text.endswith((".", "!", "?", ":")):
        stop = ""
    return f"{text}{stop}{sentence[len(body) :]}" if text else ""
