"""What a store of texts holds, and who may read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sparing.core.content import Content

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document that can be understood by itself, given what stands above it.

    Attributes:
        start: First character in the document's text.
        end: Character after the last.
        heads: What stands above it and is searched and shown with it, a line each: title, headings, a table's header
            row, the class around a method.
        place: Where a reader finds it: ``lines 10-24``, ``page 3``, ``row 7``.
        content: What reduces it.
    """

    start: int
    end: int
    heads: str = ""
    place: str = ""
    content: Content = Content.PROSE


@dataclass(frozen=True, slots=True)
class Document:
    """A source as it was read.

    Attributes:
        source: Its path or address, as a reader would look for it; one per store.
        digest: Of everything that its rows depend on: bytes, labels, how it was read and cut.
        labels: Who may read it, see `readable`.
    """

    source: str
    text: str
    digest: str
    chunks: tuple[Chunk, ...]
    labels: frozenset[str] = frozenset()

    def text_of(self, chunk: Chunk) -> str:
        """The chunk's own text, without what stands above it."""
        return self.text[chunk.start : chunk.end]


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as a store holds it.

    Attributes:
        id: Its row; stable while the document does not change.
        position: Which chunk of its document it is, from 0: its neighbours are position - 1 and + 1.
        digest: Of its text, hex; equal texts have equal digests.
    """

    id: int
    source: str
    position: int
    text: str
    digest: str
    heads: str = ""
    place: str = ""
    start: int = 0
    end: int = 0
    content: Content = Content.PROSE


def headed(heads: str, text: str) -> str:
    """A passage's text under what stands above it: what is embedded, judged and shown as one."""
    return f"{heads}\n{text}" if heads else text


@dataclass(frozen=True, slots=True)
class Rights:
    """Who asks, as the labels that they hold: ``tenant:acme``, ``group:legal``, ``user:ann``.

    Attributes:
        everything: The owner of the store, on their own machine: the command line without an identity.
    """

    labels: frozenset[str] = frozenset()
    everything: bool = False


def readable(labels: Iterable[str], rights: Rights, *, labelled: bool) -> bool:
    """Whether a document with these labels may be read.

    A document of tenants is for these tenants only; of those, where it names groups or users, for these only. What has
    no label may be read by all as long as no document of the store has one (`labelled`), and by nobody but the owner
    afterwards: to be read by all it says ``public``.
    """
    if rights.everything:
        return True
    wanted = frozenset(labels)
    if not wanted:
        return not labelled
    tenants = {label for label in wanted if label.startswith("tenant:")}
    people = wanted - tenants - {PUBLIC}
    if tenants and not tenants & rights.labels:
        return False
    return not people or bool(people & rights.labels)
