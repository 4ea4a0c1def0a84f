"""Web pages: what a reader sees, with headings as ``#`` lines and rows of tables as ``a | b``; no navigation."""

from __future__ import annotations

import re
from html import unescape

from sparing.core.content import Content
from sparing.core.reader import Reading
from sparing.errors import SourceBinary
from sparing.reducers.html_text import Block, visible_blocks
from sparing.retrieve.read.encoding import decode

_START = re.compile(rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,1000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset=[\"']?\s*([\w-]{2,40})", re.I)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,400}?)</title", re.I | re.S)
_LOOKED_AT_BYTES = 4096
_LINKED = 0.5  # an aside with more of its characters in links than this leads elsewhere and says nothing itself

_SHORT = 40  # characters; shorter blocks are labels or lines of code, which stand together


class Html:
    """Implements `core.reader.Reader`."""

    name = "html.v1"
    extensions = frozenset({"html", "htm", "xhtml"})

    def knows(self, start: bytes) -> bool:
        """By a document type or an opening tag."""
        return bool(_START.match(start.removeprefix(b"\xef\xbb\xbf")))

    def read(self, data: bytes, name: str) -> Reading:
        """The visible text; see `core.reader.Reader`."""
        declared = _CHARSET.search(data, 0, _LOOKED_AT_BYTES)
        source = decode(data, default=declared[1].decode() if declared else "")
        if source is None:
            raise SourceBinary("binary, not a page")
        title = _TITLE.search(source)
        named = " ".join(unescape(title[1]).split()) if title else ""
        blocks = [block for block in visible_blocks(source, _unhurried) if not _leads_elsewhere(block)]
        if blocks and named and blocks[0].text.strip() == named:
            blocks = blocks[1:]
        return Reading("".join(_lines(blocks)), Content.MARKDOWN, named, lined=False)


def _lines(blocks: list[Block]) -> list[str]:
    """Blocks with a blank line before headings and running text, none within lists, tables and preformatted text."""
    lines: list[str] = []
    goes_on = False
    for block in blocks:
        tight = goes_on or block.text.startswith("- ") or " | " in block.text or len(block.text) < _SHORT
        lines.append(("" if tight and not block.heading else "\n") + block.text)
        goes_on = block.text.endswith(" ")
    return lines


def _leads_elsewhere(block: Block) -> bool:
    return block.aside and block.linked > _LINKED


def _unhurried() -> None:
    """Indexing has no deadline."""
