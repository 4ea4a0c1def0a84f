"""What is sent of what was found."""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.ladder import Elision
from sparing.core.passage import Passage
from sparing.retrieve.search import Hit


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as it is sent.

    Attributes:
        number: From 1, in the order sent: what an answer cites.
        passage: The store's passage, or several that adjoin as one (see `retrieve.stitch`).
        text: What is sent of it: its own units byte for byte, with a mark where some were left out.
        tokens: Of `block`, in the target model's tokens.
        worth: Chance, 0..1, that what is sent of it holds what the question needs.
        parts: The store's passages that it is made of, in the document's order.
        elided: What of the passage's text is left out.
        by: Who chose what is sent of it; "" where all is.
    """

    number: int
    passage: Passage
    text: str
    tokens: int
    worth: float
    parts: tuple[Passage, ...]
    elided: tuple[Elision, ...] = ()
    by: str = ""

    @property
    def heading(self) -> str:
        """The lines above the text, see `heading_of`."""
        return heading_of(self.number, self.passage)

    @property
    def block(self) -> str:
        """What is sent: heading and text, with a line end."""
        return block_of(self.number, self.passage, self.text)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for a question, and what of it is sent.

    Attributes:
        sources: Best first.
        fetched: Everything that was found, best first.
        tokens: Of `text`, in the target model's tokens.
        left_out: What was found and is not sent, with the reason.
        reason: Why nothing is sent; "" where something is.
        exact: Whether the model's vocabulary is public; else its tokens are estimates.
    """

    question: str
    sources: tuple[Source, ...]
    fetched: tuple[Hit, ...]
    tokens: int
    budget_tokens: int
    left_out: tuple[tuple[Hit, str], ...] = ()
    reason: str = ""
    exact: bool = True

    @property
    def text(self) -> str:
        """The numbered passages as they are sent, a blank line between them."""
        return text_of(self.sources)


def text_of(sources: tuple[Source, ...]) -> str:
    """Their blocks, a blank line between them."""
    return "\n".join(source.block for source in sources)


def heading_of(number: int, passage: Passage) -> str:
    """``[3] report.md, lines 10-24``, then the lines that stand above the passage in its document; a line end each."""
    place = f", {passage.place}" if passage.place else ""
    heads = passage.heads.strip()
    return f"[{number}] {passage.source}{place}\n" + (f"{heads}\n" if heads else "")


def block_of(number: int, passage: Passage, text: str) -> str:
    """Heading and text, with a line end."""
    return f"{heading_of(number, passage)}{text}" + ("" if text.endswith("\n") else "\n")
