"""Where a text is cut: chunks of about 250 tokens that can be understood by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sparing.core.content import Content
from sparing.core.passage import Chunk
from sparing.retrieve.cut import code, dialogue, markdown, prose, records, rows, table
from sparing.retrieve.cut.pack import Place, Unit, pack
from sparing.retrieve.cut.places import Headings, Lines, Pages

VERSION = "cut.v1"
"""Another version means that sources are cut anew."""

_CUTTERS: dict[Content, Callable[[str, str], Iterator[Unit]]] = {
    Content.MARKDOWN: markdown.units,
    Content.DIALOGUE: dialogue.units,
    Content.TABLE: table.units,
    Content.JSON: records.units,
    Content.JSON_ROWS: records.units,
    Content.LOG: rows.units,
    Content.GREP: rows.units,
    Content.TEST_OUTPUT: rows.units,
    Content.DIFF: rows.patch_units,
}


def cut(
    text: str, content: Content, name: str = "", *, title: str = "", lined: bool = True, line: int = 1
) -> tuple[Chunk, ...]:
    """Chunks in order, disjoint; outside of them there are only blanks.

    No chunk ends inside a sentence, row, record, turn or definition that a chunk can hold.

    Args:
        name: Of the file: its extension tells a programming language.
        title: Stands first in the heads of every chunk.
        lined: See `core.reader.Reading`.
        line: Number of the text's first line in its source.
    """
    if content is Content.CODE:
        units = code.units(text, title, name)
    else:
        units = _CUTTERS.get(content, prose.units)(text, title)
    return tuple(pack(text, units, content, Lines(text, line) if lined else _unlined(text)))


def _unlined(text: str) -> Place:
    return Pages(text) if "\f" in text else Headings(text)
