"""The side-by-side of ``--show``: the source on the left with what went in red, what is sent on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparing.cli.output import console, percent

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from sparing.api import Reduced
    from sparing.cli.batch import Batch
    from sparing.core.ladder import Elision

_HEAD_LINES, _TAIL_LINES = 6, 2
_HEAD_CHARS, _TAIL_CHARS = 600, 200
_GONE = "red"


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of the source beside what became of it."""

    source: str
    sent: str
    gone: bool


def show(batch: Batch) -> None:
    """Print a table per text."""
    out = console()
    for item, result in zip(batch.material, batch.results, strict=True):
        out.print(_table(item.title, item.text, result))


def rows(source: str, elided: Sequence[Elision], sent: str) -> list[Row]:
    """Line the source up with what is sent.

    Kept stretches are found again in what is sent; where they cannot be, because a lossless rendition says the same in
    another shape, the two are shown whole, side by side.
    """
    found: list[Row] = []
    at = 0
    for text, gone in _stretches(source, elided):
        if gone:
            found.append(Row(text, "", gone=True))
            continue
        kept = text.strip()
        start = sent.find(kept, at)
        if start < 0:
            return [Row(source, sent, gone=False)]
        found = _with_marker(found, sent[at:start])
        found.append(Row(text, text.rstrip(), gone=False))
        at = start + len(kept)
    return _with_marker(found, sent[at:])


def _with_marker(found: list[Row], marker: str) -> list[Row]:
    """Put the text between two kept stretches beside what it stands for."""
    marker = marker.strip()
    if not marker:
        return found
    if found and found[-1].gone:
        return [*found[:-1], Row(found[-1].source, marker, gone=True)]
    return [*found, Row("", marker, gone=False)]


def _stretches(source: str, elided: Sequence[Elision]) -> Iterator[tuple[str, bool]]:
    at = 0
    for elision in sorted(elided, key=lambda elision: elision.start):
        if source[at : elision.start].strip():
            yield source[at : elision.start], False
        yield source[elision.start : elision.end], True
        at = elision.end
    if source[at:].strip():
        yield source[at:], False


def _table(title: str, source: str, result: Reduced) -> Table:
    from rich import box
    from rich.table import Table

    about = "" if result.exact else "~"
    table = Table(box=box.SIMPLE_HEAD, expand=True, title=_visible(title), title_justify="left", show_lines=False)
    table.add_column(f"source, {about}{result.tokens_before:,} tokens", ratio=1)
    table.add_column(f"sent, {about}{result.tokens_after:,} tokens (kept {percent(result.kept)})", ratio=1)
    for row in rows(source, result.elided, result.text):
        table.add_row(_text(row.source, _GONE if row.gone else ""), _text(row.sent, "dim" if row.gone else ""))
    return table


def _text(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(clip(_visible(text.rstrip().lstrip("\n"))), style=style)


def clip(text: str) -> str:
    """The beginning and the end of a long text, and how much is between them."""
    lines = text.split("\n")
    if len(lines) > _HEAD_LINES + _TAIL_LINES + 1:
        between = len(lines) - _HEAD_LINES - _TAIL_LINES
        head, tail = "\n".join(lines[:_HEAD_LINES]), "\n".join(lines[-_TAIL_LINES:])
        return f"{_clip_chars(head)}\n... {between:,} more lines ...\n{_clip_chars(tail)}"
    return _clip_chars(text)


def _clip_chars(text: str) -> str:
    if len(text) <= _HEAD_CHARS + _TAIL_CHARS + 40:
        return text
    between = len(text) - _HEAD_CHARS - _TAIL_CHARS
    return f"{text[:_HEAD_CHARS]} ... {between:,} more characters ... {text[-_TAIL_CHARS:]}"


def _visible(text: str) -> str:
    """Control characters as pictures: a log must not drive the terminal that shows it."""
    return text.translate(_PICTURES)


_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
