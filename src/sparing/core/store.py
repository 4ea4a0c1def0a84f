"""The contract of a store of passages, and of what turns texts into vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sparing.core.passage import Document, Passage, Rights

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scored:
    """A row that a search found, and how well it fits; only scores of one search compare."""

    id: int
    score: float


@dataclass(frozen=True, slots=True)
class Holdings:
    """What of a store somebody may read.

    Attributes:
        model: What made its vectors; "" where it has none.
    """

    documents: int
    passages: int
    model: str


class Embedder(Protocol):
    """Turns texts into vectors of length 1. Equal texts give equal vectors, whatever they stand beside.

    Attributes:
        name: The model and a hash of its weights: vectors of different names are never compared.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[float32]:
        """float32 [len(texts), dimensions].

        Raises:
            UpstreamError: A server that makes them did not.
        """
        ...


class Store(Protocol):
    """Passages, their words and vectors, and who may read them.

    Whatever is read is filtered by rights first: rows that a caller may not read are not seen, scored or counted, not
    even in how rare a word is.
    """

    def digests(self) -> Mapping[str, str]:
        """Source -> digest of all documents that are wholly in the store."""
        ...

    def put(self, document: Document, vectors: NDArray[float32] | None) -> None:
        """Add a document or replace it: all of it or nothing, whatever happens meanwhile.

        Args:
            vectors: float32 [len(document.chunks), dimensions] of the store's model; None in a store of words only.
        Raises:
            StoreError: Not writable, full, of another model.
        """
        ...

    def remove(self, sources: Sequence[str]) -> None:
        """Forget documents; unknown sources are none."""
        ...

    def by_words(self, question: str, rights: Rights, limit: int) -> list[Scored]:
        """The best by BM25, best first.

        A score is a share of what the question's words count together, those that no readable passage has left out:
        about 1 where a passage of usual length has each once, more where it has them more often.
        """
        ...

    def by_vector(self, vector: NDArray[float32], rights: Rights, limit: int) -> list[Scored]:
        """The nearest by cosine, nearest first; every row is compared.

        Args:
            vector: float32 [dimensions], of the store's model.
        """
        ...

    def passages(self, ids: Sequence[int], rights: Rights) -> list[Passage]:
        """In the order asked for; rows that are gone, or not for this caller, are left out."""
        ...

    def around(self, passage: Passage, rights: Rights, reach: int = 1) -> list[Passage]:
        """Its neighbours in its document, itself included, in order."""
        ...

    def holdings(self, rights: Rights) -> Holdings: ...

    def close(self) -> None: ...
