"""Reads back a log that `log_text` wrote: what shows that its rows leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.reducers.log_columns import SEPARATOR, fronts, is_clock
from sparing.reducers.log_forms import find_values
from sparing.reducers.templates import mask

_IS_HEAD = re.compile(r"\[Log of \d+ lines, ")
_IS_FORM = re.compile(r"\[([A-Z]+)=(.*) ×\d+(?: to [^\]]*)?\]$")
_IS_COUNT = re.compile(r"\[(?:×\d+(?: to [^\]]*)?|… \d+ lines?)\]$")
_IS_REPEAT = re.compile(r"\[\+(\d+)\]$")


def restore(text: str) -> list[str]:
    """The lines that a text made by `write` shows, rows written out in full; of the whole log, all of its lines.

    Raises:
        ValueError: It was not made by `write`.
    """
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    head, *marked = text.removesuffix(newline).split(newline)
    if not _IS_HEAD.match(head):
        raise ValueError("not a log written in forms")
    examples: dict[str, _Example] = {}
    shown: dict[str, str] = {}
    lines: list[str] = []
    current = ""
    for mark in marked:
        name, separator, cells = mark.partition(SEPARATOR)
        if separator and (name or current) in examples and (name in examples or not name):
            current = name or current
            lines.append(examples[current].row(cells.split(SEPARATOR), shown))
        elif found := _IS_FORM.match(mark):
            current = found[1]
            examples[current] = _Example.of(lines[-1], found[2].split(SEPARATOR) if found[2] else [], shown)
        elif found := _IS_REPEAT.match(mark):
            lines += [lines[-1]] * int(found[1])
        elif not _IS_COUNT.match(mark):
            lines.append(mark)
            current = ""
    return lines


@dataclass(frozen=True, slots=True)
class _Example:
    """The example of a form, cut where its values stand.

    Attributes:
        parts: The text before, between and after the values.
        values: For each cut the index of its value.
        places: As in `Form`.
        joints: For each value the number of joints, where it is a time of day; else 0.
    """

    parts: Sequence[str]
    values: Sequence[int]
    places: Sequence[str]
    joints: Sequence[int]

    @classmethod
    def of(cls, line: str, values: Sequence[str], shown: dict[str, str]) -> _Example:
        found = find_values(line, values)
        if found is None:
            raise ValueError(f"the values of a form do not stand in its example: {line[:80]}")
        places = [mask(line[: starts[0]]) for starts in found]
        shown.update(zip(places, values, strict=True))
        parts, order, at = [], [], 0
        for start, index in sorted((start, index) for index, starts in enumerate(found) for start in starts):
            parts.append(line[at:start])
            order.append(index)
            at = start + len(values[index])
        joints = [len(fronts(value)) if is_clock(value) else 0 for value in values]
        return cls([*parts, line[at:]], order, places, joints)

    def row(self, cells: Sequence[str], shown: dict[str, str]) -> str:
        if len(cells) > max(1, len(self.places)):
            raise ValueError(f"a row of {len(cells)} values for a form of {len(self.places)}")
        padded = [*cells] + [""] * (len(self.places) - len(cells))
        values = []
        for place, cell, joints in zip(self.places, padded, self.joints, strict=False):
            shown[place] = _whole(cell, shown[place], joints)
            values.append(shown[place])
        filled = [part + values[index] for part, index in zip(self.parts, self.values, strict=False)]
        return "".join(filled) + self.parts[-1]


def _whole(cell: str, last: str, joints: int) -> str:
    """A value from what is written of it and the last one shown at its place."""
    if not cell:
        return last
    missing = joints - len(fronts(cell))
    return last[: fronts(last)[-missing]] + cell if joints and missing > 0 else cell
