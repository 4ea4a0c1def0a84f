"""Figures of a table, each with its row and its column: 1,202.9 is no sales of 2019 if it stands under 2018.

Read are lines of cells between bars or tabs; `ruled` makes such lines of a table whose cells commas part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from sparing.core.content import Content
from sparing.core.passage import Passage
from sparing.finish.grounded.facts import number_values, numbers, scale
from sparing.reducers.stopwords import STOP
from sparing.reducers.text_table import likely_separator, separator_of
from sparing.reducers.words import WORD, fold, stem

_LINE = re.compile(r"[^\n]+")
_RULE = re.compile(r"[\s|:+=-]*")
_PARTED = {separator: re.compile(rf'"(?:[^"]|"")*"|{separator}') for separator in ",;"}
_FEWEST_ROWS = 2
_NEARLY = 0.6  # of the row that the claim fits best


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure.

    Attributes:
        values: All that it may stand for.
        row: The stems of the words that its row begins with.
        column: The stems of the words above it, numbers among them.
        under: The words above it as they are written.
        label: What its row begins with, as it is written.
        table: Which table of the text.
    """

    values: frozenset[str]
    row: frozenset[str]
    column: frozenset[str]
    under: str
    label: str
    table: int


def separator_in(text: str, heads: str) -> str:
    """The comma or semicolon that parts the cells of a table; "" where something else does.

    Args:
        heads: What stands above it: its header row last.
    """
    whole = f"{heads.rpartition(chr(10))[2]}\n{text}" if heads else text
    separator = separator_of(whole) or likely_separator(text)
    return separator if separator in _PARTED else ""


def parted_by(passage: Passage) -> str:
    """The comma or semicolon that parts a passage's cells; "" where something else does, or it is no table."""
    return separator_in(passage.text, passage.heads) if passage.content is Content.TABLE else ""


def ruled(text: str, separator: str) -> str:
    """A table with tabs between its cells, character for character as long."""
    return _PARTED[separator].sub(lambda found: "\t" if found[0] == separator else found[0], text)


def under_head(passage: str, heads: str) -> str:
    """A passage that begins with a row of a table, below the header row that stands last in its heads."""
    head, begins = heads.rpartition("\n")[2], passage.partition("\n")[0]
    separator = _separator(begins)
    goes_on = separator and separator in head and head.count(separator) == begins.count(separator)
    return f"{head}\n{passage}" if goes_on else passage


def _separator(line: str) -> str:
    """What parts the cells of a line; "" where it is no row."""
    return "|" if line.count("|") > 1 else "\t" if "\t" in line.strip() else ""


@lru_cache(maxsize=256)
def cells(text: str) -> tuple[Cell, ...]:
    """The figures of all tables of a text: lines of cells between bars or tabs."""
    power = scale(text)
    found: list[Cell] = []
    block: list[list[str]] = []
    for line in [*(match[0] for match in _LINE.finditer(text)), ""]:
        if separator := _separator(line):
            if not _RULE.fullmatch(line):
                block.append([cell.strip() for cell in line.strip().strip("|").split(separator)])
            continue
        if len(block) >= _FEWEST_ROWS:
            found += _of_block(block, power, len(found))
        block = []
    return tuple(found)


@lru_cache(maxsize=256)
def head_values(text: str) -> frozenset[str]:
    """All that the numbers at the head of its tables' columns may stand for: years, most often."""
    return frozenset(value for under in {cell.under for cell in cells(text)} for value in number_values(under))


@lru_cache(maxsize=256)
def label_values(text: str) -> frozenset[str]:
    """All that the numbers at the beginning of its tables' rows may stand for."""
    return frozenset(value for label in {cell.label for cell in cells(text)} for value in number_values(label))


def misplaced(claim: str, passage: str, value: frozenset[str]) -> str:
    """Why a number of a claim is another row's or column's in all tables that have it; "" where it is not."""
    there = [cell for cell in cells(passage) if cell.values & value]
    said = _stems(claim)
    why = ""
    for table in dict.fromkeys(cell.table for cell in there):
        grid = [cell for cell in cells(passage) if cell.table == table]
        why = _misplaced(said, grid, [cell for cell in there if cell.table == table])
        if not why:
            return ""
    return why


def _misplaced(said: frozenset[str], grid: list[Cell], there: list[Cell]) -> str:
    columns = {cell.column for cell in grid}
    shared = frozenset.intersection(*columns)
    named = max(len((column - shared) & said) for column in columns)
    right = [cell for cell in there if len((cell.column - shared) & said) == named]
    if named and not right:
        return f"stands under {there[0].under}"
    best = max(_fit(cell.row, said) for cell in grid)
    if best and all(_fit(cell.row, said) < _NEARLY * best for cell in right):
        return "stands in another row"
    return ""


def _of_block(block: list[list[str]], power: int, table: int) -> list[Cell]:
    width = max(map(len, block))
    rows = [row + [""] * (width - len(row)) for row in block]
    num_heads = max(1, next((at for at, row in enumerate(rows) if row[0] and any(map(numbers, row[1:]))), 1))
    heads = [" ".join(row[column] for row in rows[:num_heads] if row[column]) for column in range(width)]
    section: frozenset[str] = frozenset()
    found = []
    for row in rows[num_heads:]:
        if row[0] and not any(row[1:]):  # a row that only names those below it
            section = _stems(row[0])
            continue
        for column in range(1, width):
            if values := number_values(row[column], power):
                label, under = _stems(row[0]), heads[column]
                found.append(Cell(values, label or section, _stems(under), under or "no head", row[0], table))
    return found


def _fit(row: frozenset[str], said: frozenset[str]) -> float:
    """How much of a row's label is said, less what is not, 0..1."""
    return len(row & said) / (1 + len(row)) if row else 0.0


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, set(WORD.findall(fold(text))) - STOP))
