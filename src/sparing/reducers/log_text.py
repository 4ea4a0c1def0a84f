"""How a log in forms is written (`log_restore` reads it back).

    [Log of 2000 lines …]                                                 what follows, in a few words
    Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186         a line as it stood
    [B=06:55:46,24200,webmaster,173.234.31.186 ×113]                      the line above is form B, one of 113
    B,07:02:47,24203,0101,5.36.59.76                                      a line of form B with these values
    ,52,,alex                                                             another, at 07:02:52; the rest as above
    [+3]                                                                  the line above three more times

A value left out is the last one shown at that place (`Form.places`), and so is the front of a time of day. Lines that
are left out altogether are counted by the ``×`` of their form, or else by ``[… 12 lines]`` where they stood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, groupby

from sparing.reducers.log_columns import SEPARATOR
from sparing.reducers.log_forms import Form

_HEAD = (
    "[Log of {lines} lines, {left} of them left out. [B=v1,v2 ×n] calls the line above form B, one of n that differ in "
    "v1,v2; B,x,y is one with x,y instead. Left out where nothing changed: the form, values at the end, a value or the "
    "front of a time as last shown at that place.]"
)
_MARK = re.compile(r"\[(?:[A-Z]+=|×\d|… |\+\d)")
_SHORTEST_REPEAT = 3
_MANY = 4  # lines of a template without a form; of fewer it is not worth saying until when


@dataclass(frozen=True, slots=True)
class FormedLog:
    """A log and the form of each of its lines.

    Attributes:
        lines: The source's lines, without what ends them.
        newline: What ends a line: LF or CR LF.
        closed: Whether the last line is ended too.
        first_of: For each line the first line of its template.
        members: For the first line of each template of two lines or more: its lines.
        clocks: Likewise: time of day of the last line, "" where it has none.
        forms: For the first line of each template that has one: its form.
        row_of: For each line its row in its form; -1 for a line that is only ever written as it stood.
    """

    lines: Sequence[str]
    newline: str
    closed: bool
    first_of: Sequence[int]
    members: Mapping[int, Sequence[int]]
    clocks: Mapping[int, str]
    forms: Mapping[int, Form]
    row_of: Sequence[int]


def label(index: int) -> str:
    """A, B, … Z, AA, AB, …"""
    text = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        text = chr(65 + letter) + text
    return text


def reads_as_mark(line: str, labels: frozenset[str]) -> bool:
    """Whether a source line would be taken for a row or a mark."""
    return line[:1] == SEPARATOR or line.partition(SEPARATOR)[0] in labels or _MARK.match(line) is not None


def write(log: FormedLog, kept: bytearray) -> tuple[str, list[str]]:
    """The head, and what is written for each kept line, "" where a line only counts as a repetition.

    Args:
        kept: One byte per line. Where a line with a row is kept, so is the example of its form.
    """
    pieces = _with_gaps(log, kept, _with_repeats(_texts(log, kept), log.newline))
    if pieces and kept[-1] and not log.closed:
        last = next(k for k in range(len(pieces) - 1, -1, -1) if pieces[k])
        pieces[last] = pieces[last].removesuffix(log.newline)
    return _HEAD.format(lines=len(log.lines), left=kept.count(0)) + log.newline, pieces


def _texts(log: FormedLog, kept: bytearray) -> list[str]:
    """Each kept line as it stood or as a row, and with what names its form."""
    end = log.newline
    labels = {first: label(k) for k, first in enumerate(log.forms)}
    shown: dict[str, str] = {}  # the value last shown at each place
    texts: list[str] = []
    above = -1
    for line in compress(range(len(log.lines)), kept):
        first = log.first_of[line]
        form = log.forms.get(first)
        row = log.row_of[line]
        if form is None or row < 0:
            texts.append(log.lines[line] + end + _count(log, kept, line))
            above = -1
        elif row == 0:
            shown.update(zip(form.places, form.values, strict=True))
            size = f"×{len(log.members[first])}{_until(log.clocks[first])}"
            texts.append(f"{log.lines[line]}{end}[{labels[first]}={SEPARATOR.join(form.values)} {size}]{end}")
            above = first
        else:
            name = "" if first == above else labels[first]
            texts.append(name + SEPARATOR + _cells(form, form.rows[row], shown) + end)
            above = first
    return texts


def _cells(form: Form, values: tuple[str, ...], shown: dict[str, str]) -> str:
    cells: list[str] = []
    add, clocks = cells.append, form.clocks
    for place, value in zip(form.places, values, strict=True):
        last = shown.get(place)
        if value == last:
            add("")
        else:
            shown[place] = value
            add(_tail(value, last, clocks[place]) if last and place in clocks else value)
    return SEPARATOR.join(cells).rstrip(SEPARATOR)


def _tail(clock: str, last: str, lengths: tuple[int, ...]) -> str:
    for length in lengths:
        if clock[:length] == last[:length] and not clock[length - 1].isdigit():
            return clock[length:]
    return clock


def _until(clock: str) -> str:
    return f" to {clock}" if clock else ""


def _count(log: FormedLog, kept: bytearray, line: int) -> str:
    """What is said of the other lines of a template without a form, at its first line."""
    members = log.members.get(line)
    if members is None or line in log.forms or all(kept[member] for member in members):
        return ""
    until = _until(log.clocks[line]) if len(members) >= _MANY else ""
    return f"[×{len(members)}{until}]{log.newline}"


def _with_repeats(texts: Sequence[str], end: str) -> list[str]:
    pieces: list[str] = []
    for text, same in groupby(texts):
        size = sum(1 for _ in same)
        if size < _SHORTEST_REPEAT or text == end:
            pieces += [text] * size
        elif text == SEPARATOR + end:
            pieces += [f"[+{size}]{end}"] + [""] * (size - 1)
        else:
            pieces += [f"{text}[+{size - 1}]{end}"] + [""] * (size - 1)
    return pieces


def _with_gaps(log: FormedLog, kept: bytearray, pieces: list[str]) -> list[str]:
    """Says before a kept line how many were left out since the one before it that no ``×`` counts."""
    if all(kept[first] for first in set(log.first_of)):
        return pieces
    marked: list[str] = []
    left = 0
    for line, first in enumerate(log.first_of):
        if kept[line]:
            marked.append(_gap(left, log.newline) + pieces[len(marked)])
            left = 0
        elif not kept[first]:
            left += 1
    if left and marked:
        marked[-1] += _gap(left, log.newline)
    return marked


def _gap(size: int, end: str) -> str:
    return f"[… {size} line{'s' * (size != 1)}]{end}" if size else ""
