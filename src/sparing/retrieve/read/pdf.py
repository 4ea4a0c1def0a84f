"""PDF: the text of its pages, running heads once, a form feed after each. Scanned pages have none: that takes OCR."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sparing.core.content import Content
from sparing.core.reader import Reading
from sparing.errors import SettingsError, SourceUnreadable
from sparing.retrieve.read.running import without_running_lines

if TYPE_CHECKING:
    from pypdf import PdfReader

_MOST_PAGES = 20_000


class Pdf:
    """Implements `core.reader.Reader` with pypdf."""

    name = "pdf.v1"
    extensions = frozenset({"pdf"})

    def knows(self, start: bytes) -> bool:
        """By its header."""
        return start.lstrip().startswith(b"%PDF-")

    def read(self, data: bytes, name: str) -> Reading:
        """The text of all pages; see `core.reader.Reader`."""
        try:
            from pypdf import PdfReader
        except ImportError as error:
            raise SettingsError("PDF needs an extra", hint="pip install 'sparing[documents]'") from error
        if b"%PDF-" not in data[:1024]:  # what stands before it is allowed by viewers, but would not be known by it
            raise SourceUnreadable("no PDF, whatever it is called")
        with _quiet():
            try:
                reader = PdfReader(io.BytesIO(data))
                _open(reader)
                pages = [page.extract_text() for page, _ in zip(reader.pages, range(_MOST_PAGES), strict=False)]
                title = (reader.metadata.title if reader.metadata else "") or ""
            except SourceUnreadable:
                raise
            except Exception as error:  # pypdf raises whatever a broken file makes it stumble over
                raise SourceUnreadable(f"broken PDF: {type(error).__name__}: {error}") from error
        if not any(page.strip() for page in pages):
            raise SourceUnreadable("no text in any page", hint="scanned pages need OCR first")
        pages = without_running_lines([page.replace("\f", "\n") for page in pages])
        text = "".join(page + "\f" for page in pages)
        return Reading(text.encode("utf-8", "replace").decode(), Content.PROSE, " ".join(title.split()), lined=False)


def _open(reader: PdfReader) -> None:
    """With the empty password, as viewers do."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise SourceUnreadable("encrypted PDF", hint="index a copy without its password")


@contextmanager
def _quiet() -> Iterator[None]:
    """What pypdf logs about a file is in the error, or did no harm."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
