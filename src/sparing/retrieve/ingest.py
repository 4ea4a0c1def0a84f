"""Files, folders and addresses into a store, and out of it what is no longer there."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from sparing.core.store import Embedder, Store
from sparing.retrieve.putting import Ingested, Report, put_all
from sparing.retrieve.reading import Job
from sparing.retrieve.walk import MOST_BYTES, SEGMENT, Found, Left, Walk, is_under

_FOLLOWED = "followed"


@dataclass(frozen=True, slots=True)
class Ingest:
    """How to index.

    Attributes:
        base: Folder that the sources below it are named from.
        labels: Who may read them; None leaves those of known sources as they are and gives new ones none.
        exclude: Patterns of names, or of paths below a folder.
        prune: Whether sources under these paths that are no longer there are removed.
        allow_private: Whether addresses of this machine and its network may be fetched.
        processes: That read and cut.
    """

    base: Path
    labels: frozenset[str] | None = None
    exclude: tuple[str, ...] = ()
    prune: bool = True
    most_bytes: int = MOST_BYTES
    allow_private: bool = False
    processes: int = 1


def ingest(
    sources: Sequence[str],
    store: Store,
    embedder: Embedder | None,
    how: Ingest,
    report: Report = lambda done, total: None,
) -> Ingested:
    """Index paths and ``http(s)://`` addresses.

    Args:
        report: Told how many sources are done, of how many.
    Raises:
        RequestError: A path does not exist.
        StoreError: The store cannot be written; what was put is in it, and the same call goes on from there.
        UpstreamError: A server that makes vectors did not.
    """
    began_s = time.monotonic()
    roots = [Path(source) for source in sources if not is_address(source)]
    walk = Walk(how.base, how.exclude, how.most_bytes)
    found = list(_without_followed(walk.under(roots), store))
    with tempfile.TemporaryDirectory(prefix="sparing-") as folder:
        urls = [source.partition("#")[0] for source in sources if is_address(source)]
        if urls:
            from sparing.retrieve.fetch import Limits, fetch

            limits = Limits(how.most_bytes, allow_private=how.allow_private)
            pages = fetch(urls, Path(folder), limits)
        else:
            pages = []
        jobs = {job.source: job for job in (*map(_job, found), *pages) if isinstance(job, Job)}
        done = put_all(list(jobs.values()), store, embedder, labels=how.labels, processes=how.processes, report=report)
    done.left[:0] = [left for left in (*found, *pages) if isinstance(left, Left)]
    if how.prune and roots:
        gone = _gone(store, [walk.source(root) for root in roots], jobs.keys(), done.left)
        store.remove(gone)
        done.removed = len(gone)
    done.seconds = time.monotonic() - began_s
    return done


def _gone(store: Store, under: Sequence[str], read: Set[str], left: Sequence[Left]) -> list[str]:
    """Sources of the store that lay under these paths, and are not there any more or are passed over now."""
    kept = [one.source for one in left if one.failed or one.why == _FOLLOWED]
    there = read - {one.source for one in left if not one.failed}
    return sorted(s for s in store.digests() if s not in there and is_under(s, under) and not is_under(s, kept))


def _without_followed(found: Iterable[Found | Left], store: Store) -> Iterator[Found | Left]:
    """Files that the store has in stretches are left to who follows them, unless they are named."""
    followed = {source.rpartition(SEGMENT)[0] for source in store.digests() if SEGMENT in source}
    for one in found:
        is_left = isinstance(one, Found) and not one.named and one.source in followed
        yield Left(one.source, _FOLLOWED) if is_left else one


def is_address(source: str) -> bool:
    """Whether it is an address of the web, and no path."""
    return source.lower().startswith(("http://", "https://"))


def _job(found: Found | Left) -> Job | Left:
    if isinstance(found, Left):
        return found
    name = found.source.rsplit("/", 1)[-1]
    return Job(found.source, name, found.path, size_bytes=found.size_bytes, named=found.named)
