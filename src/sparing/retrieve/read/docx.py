"""Word documents: paragraphs, headings as ``#`` lines, lists, tables as rows between bars, in the order of the page."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sparing.core.content import Content
from sparing.core.reader import Reading
from sparing.errors import SettingsError, SourceUnreadable

if TYPE_CHECKING:
    from docx.document import Document as DocxDocument
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_HEADING = re.compile(r"(?:heading|title|überschrift|titre|título)\s*(\d*)", re.I)
_MOST_XML_BYTES = 100_000_000
_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .doc, and .docx that are encrypted


class Docx:
    """Implements `core.reader.Reader` with python-docx."""

    name = "docx.v1"
    extensions = frozenset({"docx"})

    def knows(self, start: bytes) -> bool:
        """By the first entries of its archive."""
        return start.startswith(b"PK\x03\x04") and b"word/" in start

    def read(self, data: bytes, name: str) -> Reading:
        """Its text as Markdown; see `core.reader.Reader`."""
        try:
            import docx
        except ImportError as error:
            raise SettingsError("DOCX needs an extra", hint="pip install 'sparing[documents]'") from error
        if data.startswith(_OLD_WORD):
            raise SourceUnreadable("encrypted, or of Word before 2007", hint="save it as .docx without a password")
        try:
            _check_size(data)
            document = docx.Document(io.BytesIO(data))
            text = "".join(_blocks(document))
            title = document.core_properties.title or ""
        except SourceUnreadable:
            raise
        except Exception as error:  # a broken archive, broken XML, or parts that are missing
            raise SourceUnreadable(f"broken DOCX: {type(error).__name__}: {error}") from error
        return Reading(text, Content.MARKDOWN, " ".join(title.split()), lined=False)


def _check_size(data: bytes) -> None:
    """Few bytes may unfold to more than there is memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(part.file_size for part in archive.infolist() if part.filename.endswith(".xml"))
    if size > _MOST_XML_BYTES:
        raise SourceUnreadable(f"its parts unfold to {size / 1e6:,.0f} MB, the limit is {_MOST_XML_BYTES / 1e6:,.0f}")


def _blocks(document: DocxDocument) -> Iterator[str]:
    from docx.table import Table

    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield "\n" + "".join(_rows(item))
        elif item.text.strip():
            yield _paragraph(item)


def _paragraph(paragraph: Paragraph) -> str:
    style = (paragraph.style.name if paragraph.style else "") or ""
    heading = _HEADING.fullmatch(style)
    text = paragraph.text.strip()
    if heading:
        return f"\n{'#' * min(6, int(heading[1] or 1))} {' '.join(text.split())}\n"
    return f"- {text}\n" if style.lower().startswith("list") else f"\n{text}\n"


def _rows(table: Table) -> Iterator[str]:
    for number, row in enumerate(table.rows):
        cells = [" ".join(cell.text.split()) for cell in row.cells]
        yield f"| {' | '.join(cells)} |\n"
        if number == 0:
            yield f"|{' --- |' * len(cells)}\n"
