"""Indexing files while they grow: a stretch of lines at a time, each a document of its own.

A stretch is called by its file and first line, ``app.log#L1043``. Far behind, the newest stretch is put first, then the
others by what they tell; in the end the store holds the same, whatever the order was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event

from sparing.core.content import Content
from sparing.core.passage import Document
from sparing.core.store import Embedder, Store
from sparing.errors import SourceBinary, SourceUnreadable
from sparing.reducers.sniff import sniff
from sparing.retrieve.cut import cut
from sparing.retrieve.follow.tail import STRETCH_BYTES, Stretch, Tail
from sparing.retrieve.follow.telling import most_telling_first
from sparing.retrieve.putting import Ingested, put_documents
from sparing.retrieve.read.document import digest_of, labels_in
from sparing.retrieve.read.encoding import decode
from sparing.retrieve.walk import SEGMENT, Found, is_under

_AT_ONCE = 8  # stretches put before the file is looked at again
_PAUSE_S = 0.5


class Follower:
    """Keeps a store up to date with one file.

    Args:
        labels: Who may read it; None: those that it has in the store.
    Raises:
        SourceUnreadable: The file cannot be read, or is no text.
    """

    def __init__(
        self, file: Found, store: Store, embedder: Embedder | None, labels: frozenset[str] | None = None
    ) -> None:
        self.source = file.source
        self._name = file.source.rsplit("/", 1)[-1]
        self._store, self._embedder = store, embedder
        self._known = {s: digest for s, digest in store.digests().items() if is_under(s, [file.source])}
        self._labels = self._held_labels() if labels is None else labels
        self._tail = Tail(file.path)
        self._content = self._sniffed(Stretch(1, 0, STRETCH_BYTES, closed=False))
        self._waiting: list[Stretch] = []
        self._current: set[str] = set()
        self.done = Ingested()

    @property
    def behind(self) -> int:
        """Stretches that wait to be put."""
        return len(self._waiting)

    def step(self) -> bool:
        """Put what is new, a few stretches at most; whether anything was to be done.

        Raises:
            StoreError: The store cannot be written.
            SourceUnreadable: The file cannot be read any more.
        """
        self._look()
        if not self._waiting:
            return self._forget_what_is_gone()
        now = self._waiting[:_AT_ONCE]
        put_documents(self._documents(now), self._store, self._embedder, self._known, self.done)
        self._waiting = self._waiting[_AT_ONCE:]
        return True

    def _held_labels(self) -> frozenset[str]:
        return labels_in(next(iter(self._known.values()), ""))

    def _look(self) -> None:
        """Queue what has grown; a backlog is ordered by what it tells."""
        look = self._tail.look()
        if look.restarted:
            self._waiting, self._current = [], set()
        if not look.stretches:
            return
        self._current |= {self._called(stretch) for stretch in look.stretches}
        grown = {stretch.start for stretch in look.stretches}
        older = [stretch for stretch in self._waiting if stretch.start not in grown]
        self._waiting = [*look.stretches, *older]  # they are told once, so before anything else may fail
        if look.stretches[0].start == 0:
            self._content = self._sniffed(look.stretches[0])
        order = most_telling_first([partial(self._text, stretch) for stretch in look.stretches])
        self._waiting = [*(look.stretches[place] for place in order), *older]

    def _documents(self, stretches: Sequence[Stretch]) -> Iterator[Document]:
        for stretch in stretches:
            data = self._tail.read(stretch)
            source = self._called(stretch)
            made_for = f"{self._embedder.name if self._embedder else ''} {self._content} {stretch.line}"
            digest = digest_of(data, self._name, self._labels, made_for)
            if digest == self._known.get(source):
                self.done.unchanged += 1
                continue
            text = decode(data) or ""
            chunks = cut(text, self._content, self._name, title=self._name, line=stretch.line)
            yield Document(source, text, digest, chunks, self._labels)

    def _forget_what_is_gone(self) -> bool:
        """Once it has caught up: stretches of what the file was before, and the file as it was indexed whole."""
        gone = sorted(self._known.keys() - self._current)
        if gone:
            self._store.remove(gone)
            self.done.removed += len(gone)
            for source in gone:
                del self._known[source]
        return bool(gone)

    def _called(self, stretch: Stretch) -> str:
        return f"{self.source}{SEGMENT}{stretch.line}"

    def _text(self, stretch: Stretch) -> str:
        return decode(self._tail.read(stretch)) or ""

    def _sniffed(self, first: Stretch) -> Content:
        text = decode(self._tail.read(first))
        content = Content.BINARY if text is None else sniff(text, self._name)
        if content is Content.BINARY:
            raise SourceBinary("binary, not text")
        return content


def follow(
    followers: Sequence[Follower], stop: Event, tell: Callable[[Follower, str], None], pause_s: float = _PAUSE_S
) -> None:
    """Keep on until `stop` is set; a file that is away for a while is waited for.

    Args:
        tell: What has become of a file: that it is all there, or why it cannot be read, each once until it changes.
    """
    states: dict[int, str] = {}
    while not stop.is_set():
        busy = False
        for number, follower in enumerate(followers):
            try:
                works = follower.step()
                state = "" if works else "caught up"
                busy = busy or works
            except SourceUnreadable as error:
                state = str(error)
            if state and state != states.get(number):
                tell(follower, state)
            states[number] = state or states.get(number, "")
        if not busy:
            stop.wait(pause_s)
