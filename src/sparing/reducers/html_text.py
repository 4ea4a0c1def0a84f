"""HTML to the text that a reader sees, in blocks that know where they came from.

One pass, linear whatever the input: a tag that never closes its quotes ends at the next ``>``; an element whose text is
not shown and that never ends runs to the end, as in a browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Final

_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,40})((?>[^<>\"']+|\"[^\"]{0,2000}\"|'[^']{0,2000}')*+)>")
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])")
_LONG_BLOCK = 300  # characters after which a block may be cut at a sentence

_NOT_SHOWN: Final = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "math"})
_ASIDE: Final = frozenset({"nav", "footer", "aside", "menu", "dialog"})  # shown, but seldom what a page is about
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS: Final = _HEADINGS | {
    *("address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "div"),
    *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "head", "header", "hr", "html", "legend", "li"),
    *(
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ),
}
_CELLS: Final = frozenset({"td", "th"})
_CHECK_EVERY = 512


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of visible text.

    Attributes:
        text: As a reader sees it: entities decoded, blanks collapsed outside of preformatted text; ends in a line break
            or, where a long paragraph is cut at a sentence, a space.
        start: First character of it in the source.
        heading: 1..6 for headings, else 0.
        aside: Whether it lies in navigation, a footer or the like.
        linked: Share of its characters that are links, 0..1.
    """

    text: str
    start: int
    heading: int
    aside: bool
    linked: float


def visible_blocks(source: str, check: Callable[[], None]) -> list[Block]:
    """The visible text of a page in order.

    Args:
        check: Called now and then; raises when the time is up.
    """
    reader = _Reader(source)
    at = 0
    seen = 0
    last_tag_end = source.rfind(">")
    while True:
        open_bracket = source.find("<", at)
        if open_bracket < 0 or open_bracket > last_tag_end:
            reader.add_text(at, len(source))
            break
        reader.add_text(at, open_bracket)
        at = reader.read_tag(open_bracket)
        seen += 1
        if seen % _CHECK_EVERY == 0:
            check()
    reader.end_block("\n")
    return reader.blocks


class _Reader:
    """Text and state between two block boundaries."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.blocks: list[Block] = []
        self.pieces: list[str] = []
        self.start = -1
        self.size = 0
        self.linked = 0
        self.prefix = ""
        self.heading = 0
        self.asides = 0
        self.open: dict[str, int] = {"a": 0, "pre": 0, "tr": 0}  # how many of these elements are open

    def add_text(self, start: int, end: int) -> None:
        if start >= end:
            return
        text = self.source[start:end]
        if self.open["pre"]:
            self._add_preformatted(text, start)
        elif self.pieces or not text.isspace():
            self._add_sentences(text, start)

    def _add_preformatted(self, text: str, start: int) -> None:
        for line in text.splitlines(keepends=True):
            self._add(line, start)
            start += len(line)
            if line.endswith("\n"):
                self.end_block("\n")

    def _add_sentences(self, text: str, start: int) -> None:
        at = 0
        if self.size + len(text) > _LONG_BLOCK and not self.open["tr"]:
            for stop in _SENTENCE_END.finditer(text):
                if self.size + stop.end() - at > _LONG_BLOCK:
                    self._add(text[at : stop.end()], start + at)
                    self.end_block(" ")
                    at = stop.end()
        self._add(text[at:], start + at)

    def _add(self, text: str, start: int) -> None:
        if self.start < 0:
            self.start = start
        self.pieces.append(text)
        self.size += len(text)
        self.linked += len(text) if self.open["a"] else 0

    def end_block(self, end: str) -> None:
        """Close the block; `end` is what separates it from the next."""
        if not self.pieces:
            return
        text = unescape("".join(self.pieces))
        text = text.rstrip() if self.open["pre"] else " ".join(text.split()).strip(" |")
        if text:
            linked = self.linked / self.size
            self.blocks.append(Block(self.prefix + text + end, self.start, self.heading, self.asides > 0, linked))
            self.prefix = ""
        self.pieces, self.start, self.size, self.linked = [], -1, 0, 0

    def read_tag(self, at: int) -> int:
        """Take in what starts with the ``<`` at `at`; where to go on."""
        source = self.source
        tag = _TAG.match(source, at)
        if tag:
            closing, name, attributes = tag.group(1) == "/", tag.group(2).lower(), tag.group(3)
            if name in _NOT_SHOWN and not closing and not attributes.endswith("/"):
                return self._skip(name, tag.end())
            self._element(name, closing, attributes, at)
            return tag.end()
        if source.startswith("<!--", at):
            end = source.find("-->", at + 4)
            return end + 3 if end >= 0 else len(source)
        if source[at + 1 : at + 2] in ("!", "?", "/") or source[at + 1 : at + 2].isalpha():
            return source.index(">", at) + 1  # checked before: there is one
        self.add_text(at, at + 1)  # a lone < is text
        return at + 1

    def _skip(self, name: str, at: int) -> int:
        end = re.compile(rf"</{name}\s*>", re.I).search(self.source, at)
        return end.end() if end else len(self.source)

    def _element(self, name: str, closing: bool, attributes: str, at: int) -> None:
        if name in _CELLS:
            if not closing and self.pieces:
                self._add(" | ", at)
        elif name in _BLOCKS:
            self._block(name, closing)
        elif name == "img" and "alt" in attributes:
            if alt := _value(attributes, "alt"):
                self._add(f" [{alt}] ", at)
        elif name == "input" and "value" in attributes and _value(attributes, "type") != "hidden":
            self._add(f" {_value(attributes, 'value')} ", at)
        elif name == "option":
            self._add(" ", at)
        if name in _ASIDE:
            self.asides = max(0, self.asides + (-1 if closing else 1))
        elif name == "a":
            self.open[name] = int(not closing)  # links do not nest
        elif name in self.open:
            self.open[name] = max(0, self.open[name] + (-1 if closing else 1))

    def _block(self, name: str, closing: bool) -> None:
        if self.open["tr"] and name not in ("tr", "table"):
            if self.pieces:
                self.pieces.append(" ")  # what breaks lines inside a cell does not break the row
            return
        self.end_block("\n")
        self.heading = int(name[1]) if name in _HEADINGS and not closing else 0
        if closing:
            self.prefix = ""
        elif name == "li":
            self.prefix = "- "
        elif self.heading:
            self.prefix = "#" * self.heading + " "


def _value(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes):
        if found.group(1).lower() == name:
            return (found.group(2) or found.group(3) or found.group(4) or "").strip()
    return ""
