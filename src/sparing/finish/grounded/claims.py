"""An answer as claims: its sentences, without code, headings and what only leads up to something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sparing.finish.grounded.marks import Mark, marks, without_marks
from sparing.finish.grounded.quotes import Quotation, quotations
from sparing.reducers.sentences import sentence_bounds
from sparing.reducers.words import WORD, fold

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*•+]|\d{1,3}[.)])[ \t])")
_SKIPPED = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]|\|?[ \t]*:?-{3,}|(?:sources?|references?|citations?):?[ \t]*$)", re.IGNORECASE
)
_LEADING = re.compile(r"\s*")
_ITEM = re.compile(r"\A[ \t]*(?:[-*•+]|\d{1,3}[.)])[ \t]+")
# How an answer says that it has none, or speaks of itself.
_NO_CLAIM = re.compile(
    r"\b(?:(?:do(?:es)?|did|is|are|could|can) ?(?:not|n't)|cannot|no)\b[^.]{0,60}\b(?:say|state[ds]?|mention(?:ed)?"
    r"|hold|contain|provide[ds]?|specif(?:y|ied)|given|answer|include[ds]?|information|found|find|enough)\b"
    r"|^(?:sure|certainly|of course|i hope|let me know|here (?:is|are))\b",
    re.IGNORECASE,
)
_MATERIAL = re.compile(
    r"\b(?:passages?|sources?|documents?|text|material|context|excerpts?|information|statute|answer)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer.

    Attributes:
        start: First character in the answer.
        end: Character after the last, blanks not counted.
        marks: Its citations.
        quotations: What it gives as words of a passage.
        paragraph: Which paragraph or list item it is part of.
    """

    text: str
    start: int
    end: int
    marks: tuple[Mark, ...]
    quotations: tuple[Quotation, ...]
    paragraph: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """The passages that it cites, each once."""
        return tuple(dict.fromkeys(number for mark in self.marks for number in mark.numbers))

    @property
    def plain(self) -> str:
        """What is claimed, without citations and the sign of a list item."""
        return without_marks(_ITEM.sub("", self.text, count=1)).strip()


def is_structured(answer: str) -> bool:
    """Whether an answer is one JSON value, to be read by a program."""
    text = answer.strip()
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def claims_of(answer: str) -> list[Said]:
    """The sentences of an answer that claim something, in order. Code blocks and JSON claim nothing."""
    if is_structured(answer):
        return []
    return [said for said in _sentences(answer) if _claims(said)]


def _sentences(answer: str) -> Iterator[Said]:
    for number, (start, end) in enumerate(_paragraphs(answer)):
        quoted = quotations(answer, start, end)
        cited = marks(answer, start, end)
        for first, last in _bounds(answer, start, end, quoted, cited):
            yield Said(
                answer[first:last],
                first,
                last,
                tuple(mark for mark in cited if first <= mark.start < last),
                tuple(quote for quote in quoted if first <= quote.start < last),
                number,
            )


def _paragraphs(answer: str) -> Iterator[tuple[int, int]]:
    at = 0
    for fence in [*_FENCE.finditer(answer), None]:
        end = fence.start() if fence else len(answer)
        for gap in [*_BREAK.finditer(answer, at, end), None]:
            stop = gap.start() if gap else end
            if answer[at:stop].strip():
                yield at, stop
            at = gap.end() if gap else stop
        at = fence.end() if fence else end


def _bounds(answer: str, start: int, end: int, quoted: list[Quotation], cited: list[Mark]) -> Iterator[tuple[int, int]]:
    """Sentences of a paragraph, none of which begins inside a quotation; a citation goes with what stands before it."""
    cuts = [start + cut for cut in sentence_bounds(answer[start:end])]
    moved = []
    for cut in cuts[1:-1]:
        inside = next((quote.end for quote in quoted if quote.start < cut < quote.end), cut)
        after = inside
        while mark := next((m for m in cited if not answer[after : m.start].strip(" \t") and m.start >= after), None):
            after = mark.end
            after += len(answer[after : after + 3]) - len(answer[after : after + 3].lstrip(".!?"))
        moved.append(after)
    bounds = [start, *dict.fromkeys(cut for cut in moved if start < cut < end), end]
    for first, last in zip(bounds, bounds[1:], strict=False):
        text = answer[first:last]
        lead = len(text) - len(text.lstrip())
        if text.strip():
            yield first + lead, last - (len(text) - len(text.rstrip()))


def _claims(said: Said) -> bool:
    text = said.plain
    if said.quotations:
        return True
    if not WORD.search(fold(text)) or _SKIPPED.match(text) or text.endswith(("?", ":")):
        return False
    return not says_nothing(text)


def says_nothing(text: str) -> bool:
    """Whether a sentence says that the material does not answer, or is only politeness."""
    match = _NO_CLAIM.search(text)
    return match is not None and (match.start() == 0 or _MATERIAL.search(text) is not None)
