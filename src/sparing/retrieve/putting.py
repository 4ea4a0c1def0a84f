"""Sources read and put into a store: only what changed, a document at a time; a run cut short is simply run again.

The order of the work is that of the sources, whoever reads them, so that the rows of a store do not depend on how many
processes there were, or on how often it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sparing.core.passage import Document, headed
from sparing.core.store import Embedder, Store
from sparing.errors import SourceUnreadable
from sparing.retrieve.reading import Job, Unchanged, worked
from sparing.retrieve.walk import Left

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_EMBEDDED_AT_ONCE = 256  # chunks

Report = Callable[[int, int], None]


@dataclass(slots=True)
class Ingested:
    """What a run did, in sources; `passages` are those of the documents put."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    seconds: float = 0.0
    left: list[Left] = field(default_factory=list)

    @property
    def failed(self) -> list[Left]:
        """What should have been indexed and was not; what a store held of it before is still there."""
        return [left for left in self.left if left.failed]


def total(runs: Iterable[Ingested]) -> Ingested:
    """What several runs did together."""
    done = Ingested()
    for run in runs:
        done.added += run.added
        done.changed += run.changed
        done.unchanged += run.unchanged
        done.removed += run.removed
        done.passages += run.passages
        done.seconds = max(done.seconds, run.seconds)
        done.left += run.left
    return done


def put_all(
    jobs: Sequence[Job],
    store: Store,
    embedder: Embedder | None = None,
    *,
    labels: frozenset[str] | None = None,
    processes: int = 1,
    report: Report = lambda done, total: None,
) -> Ingested:
    """Put what is new or changed.

    Args:
        labels: Who may read them; None leaves those of known sources as they are and gives new ones none.
        processes: That read and cut; 1 is this one.
        report: Told how many sources are done, of how many.
    Raises:
        StoreError: The store cannot be written; what was put is in it.
        UpstreamError: A server that makes vectors did not.
    """
    known = dict(store.digests())
    done = Ingested()
    made_for = embedder.name if embedder else ""
    results = _counted(worked(jobs, known, labels, made_for, processes), len(jobs), report)
    put_documents(_read(results, done), store, embedder, known, done)
    return done


def put_documents(
    documents: Iterable[Document],
    store: Store,
    embedder: Embedder | None,
    known: MutableMapping[str, str],
    done: Ingested,
) -> None:
    """Put documents, and count them.

    Args:
        known: Source -> digest of what the store has; those that are put are added.
    Raises:
        StoreError, UpstreamError: See `put_all`.
    """
    for document, vectors in _embedded(documents, embedder):
        try:
            store.put(document, vectors)
        except SourceUnreadable as error:
            done.left.append(Left(document.source, str(error), failed=True))
            continue
        done.passages += len(document.chunks)
        if document.source in known:
            done.changed += 1
        else:
            done.added += 1
        known[document.source] = document.digest


def _counted(
    results: Iterable[Document | Unchanged | Left], total: int, report: Report
) -> Iterator[Document | Unchanged | Left]:
    report(0, total)
    for number, result in enumerate(results, 1):
        yield result
        report(number, total)


def _read(results: Iterable[Document | Unchanged | Left], done: Ingested) -> Iterator[Document]:
    for result in results:
        if isinstance(result, Document):
            yield result
        elif isinstance(result, Left):
            done.left.append(result)
        else:
            done.unchanged += 1


def _embedded(
    documents: Iterable[Document], embedder: Embedder | None
) -> Iterator[tuple[Document, NDArray[float32] | None]]:
    """Documents with the vectors of their chunks; small documents share a call."""
    if embedder is None:
        yield from ((document, None) for document in documents)
        return
    held: list[Document] = []
    num_chunks = 0
    for document in documents:
        held.append(document)
        num_chunks += len(document.chunks)
        if num_chunks >= _EMBEDDED_AT_ONCE:
            yield from _with_vectors(held, embedder)
            held, num_chunks = [], 0
    yield from _with_vectors(held, embedder)


def _with_vectors(documents: Sequence[Document], embedder: Embedder) -> Iterator[tuple[Document, NDArray[float32]]]:
    texts = [embedded_text(document, at) for document in documents for at in range(len(document.chunks))]
    different = list(dict.fromkeys(texts))
    if not different:
        return
    row_of: Mapping[str, int] = {text: row for row, text in enumerate(different)}
    vectors = embedder.embed(different)[[row_of[text] for text in texts]]
    at = 0
    for document in documents:
        yield document, vectors[at : at + len(document.chunks)]
        at += len(document.chunks)


def embedded_text(document: Document, position: int) -> str:
    """What the vector of a chunk is made from: what stands above it, and its text."""
    chunk = document.chunks[position]
    return headed(chunk.heads, document.text_of(chunk))
