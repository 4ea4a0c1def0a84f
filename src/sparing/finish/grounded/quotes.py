"""Quotations in an answer, and where in a passage they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sparing.finish.grounded.facts import names, negations, numbers
from sparing.finish.grounded.plain import Plain, plain, rejoined
from sparing.reducers.words import WORD

How = Literal["exact", "fuzzy"]

_QUOTED = re.compile(
    r'"(?P<straight>[^"\n]{2,1200}?)"|“(?P<curly>[^“”]{2,1200})”|„(?P<low>[^„“”]{2,1200})[“”]|«\s?(?P<angle>[^«»]{2,1200}?)\s?»'
    r"|「(?P<corner>[^「」]{2,1200})」|(?P<block>(?:^[ \t]*>[^\n]*(?:\n|\Z))+)",
    re.MULTILINE,
)
_BLOCK_SIGN = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_GAP = re.compile(
    r"\s*(?:\[\s*(?:\.\.\.|…)\s*\]|\.\.\.|…|\[[^\]\d]{1,40}\])\s*"
)  # [the company] stands for other words too
_EDGES = " .,;:!?'\"-"
_MOST_GAP_CHARS = 600
_FEWEST_WORDS = 3  # of a quotation; fewer are a title, a term, a word at arm's length
_FEWEST_FUZZY_WORDS = 6
_WRONG_WORDS = 10  # one word in so many may differ
_MOST_CELLS = 400_000  # of the comparison of a quotation with a passage, word by word


@dataclass(frozen=True, slots=True)
class Quotation:
    """What an answer gives as the words of a passage.

    Attributes:
        start: First character in the answer, its sign included.
        end: Character after the last.
        text: What stands between the signs.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a passage that a quotation gives.

    Attributes:
        text: As it stands there.
        how: ``exact``: letter for letter; ``fuzzy``: but for case, blanks, the typesetter's signs, an ellipsis, or,
            in a longer one, one word in ten, with numbers, names and negations the same.
    """

    text: str
    how: How


def quotations(answer: str, start: int = 0, end: int | None = None) -> list[Quotation]:
    """The quotations between two characters of an answer: of three words or more, and Markdown's quoted blocks."""
    found = []
    for match in _QUOTED.finditer(answer, start, len(answer) if end is None else end):
        kind = match.lastgroup or ""
        text = _BLOCK_SIGN.sub("", match[kind]).strip() if kind == "block" else match[kind]
        if len(WORD.findall(text)) >= _FEWEST_WORDS or kind == "corner":
            found.append(Quotation(match.start(), match.end(), text))
    return found


def find(quotation: str, passage: str) -> Found | None:
    """Where a passage says it; None if it does not."""
    at = passage.find(quotation)
    if at >= 0:
        return Found(quotation, "exact")
    here = plain(passage)
    span = _in_order(_GAP.split(quotation), here) or _nearly(quotation, passage)
    return Found(passage[slice(*span)], "fuzzy") if span else None


def _in_order(parts: list[str], passage: Plain) -> tuple[int, int] | None:
    """The stretch that has all the parts one after the other, no two far apart."""
    wanted = [part for part in (plain(part).text.strip(_EDGES) for part in parts) if part]
    if not wanted:
        return None
    at = passage.text.find(wanted[0])
    while at >= 0:
        end = at + len(wanted[0])
        for part in wanted[1:]:
            following = passage.text.find(part, end, end + _MOST_GAP_CHARS + len(part))
            if following < 0:
                break
            end = following + len(part)
        else:
            return passage.at[at], passage.at[end - 1] + 1
        at = passage.text.find(wanted[0], at + 1)
    return None


def _nearly(quotation: str, passage: str) -> tuple[int, int] | None:
    """The stretch with the fewest words other than the quotation's (Sellers 1980, over words)."""
    asked = WORD.findall(plain(quotation).text)
    there = plain(passage)
    words = list(WORD.finditer(there.text))
    if len(asked) < _FEWEST_FUZZY_WORDS or len(asked) * len(words) > _MOST_CELLS:
        return None
    wrong, first, last = _best(asked, [word[0] for word in words])
    if last < first or wrong > len(asked) // _WRONG_WORDS + (len(asked) < _WRONG_WORDS):
        return None
    start, end = there.at[words[first].start()], there.at[words[last].end() - 1] + 1
    said = rejoined(passage[start:end])
    agree = (
        _values(quotation) == _values(said)
        and set(names(f"x {quotation}")) == set(names(f"x {said}"))
        and negations(quotation) == negations(said)
    )
    return (start, end) if agree else None


def _values(text: str) -> list[frozenset[str]]:
    return [number.values for number in numbers(text)]


def _best(asked: list[str], there: list[str]) -> tuple[int, int, int]:
    """Edits, first and last word of the best stretch."""
    before = list(range(len(asked) + 1))
    begins = [0] * (len(asked) + 1)
    best = (len(asked), 0, -1)
    for at, word in enumerate(there):
        costs, starts = [0], [at + 1]
        for row, other in enumerate(asked, 1):
            same = before[row - 1] + (word != other)
            extra, missing = before[row] + 1, costs[row - 1] + 1
            least = min(same, extra, missing)
            costs.append(least)
            if least == same:
                starts.append(begins[row - 1] if row > 1 else at)
            else:
                starts.append(begins[row] if least == extra else starts[row - 1])
        if costs[-1] < best[0]:
            best = (costs[-1], starts[-1], at)
        before, begins = costs, starts
    return best
