"""Text of every kind, as it is: Markdown, tables, JSON, logs, code, transcripts. What it is, the sniffer says."""

from __future__ import annotations

from sparing.core.content import Content
from sparing.core.reader import Reading
from sparing.errors import SourceBinary
from sparing.reducers.sniff import sniff
from sparing.retrieve.read.encoding import decode


class Text:
    """Implements `core.reader.Reader` for what nobody else takes."""

    name = "text.v1"
    extensions = frozenset({"txt", "text", "md", "markdown", "rst", "csv", "tsv", "json", "jsonl", "ndjson", "log"})

    def knows(self, start: bytes) -> bool:
        """Never by its bytes alone: every reader is asked before this one is taken."""
        return False

    def read(self, data: bytes, name: str) -> Reading:
        """The very text, decoded; see `core.reader.Reader`."""
        text = decode(data)
        content = Content.BINARY if text is None else sniff(text, name)
        if text is None or content is Content.BINARY:
            raise SourceBinary("binary, not text")
        return Reading(text, content)
