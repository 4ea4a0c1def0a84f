"""One call for everyone who asks for the same while it is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from sparing.core.upstream import Answer, Served, served_by
from sparing.errors import UpstreamUnreachable

AHEAD_BYTES = 64 * 1024  # what is read before anyone has taken it: the upstream goes at the fastest reader's pace
_Landed = Callable[["Flight"], Awaitable[None]]


class Flight:
    """A call that several wait for. It goes on as long as one of them is left, whoever made it begin.

    Each gets the answer from its start. What goes wrong goes wrong for all of them, in the same words. All of the
    answer is held until it is complete, up to `max_bytes`; a longer one takes no more followers, holds no more than
    that, and goes at the slowest one's pace.

    Args:
        ask: Makes the call.
        landed: Awaited when the answer is complete, while others can still join.
        over: Called once when nobody can join any more.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[Answer]], *, max_bytes: int, landed: _Landed, over: Callable[[], None]
    ) -> None:
        self._ask = ask
        self._max_bytes = max_bytes
        self._landed = landed
        self._over = over
        self._readers: set[Reader] = set()
        self._head: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self.chunks: list[bytes] = []  # from `first` on
        self.first = 0
        self.num_bytes = 0  # of all that came
        self.complete = False
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.served = Served()
        self._task = asyncio.create_task(self._fly())

    @property
    def whole(self) -> bool:
        """Whether `chunks` is the answer from its first byte to its last."""
        return self.complete and self.first == 0

    @property
    def open(self) -> bool:
        """Whether one more can have the answer from its start."""
        return self.first == 0 and self._error is None and not self._task.done()

    async def join(self) -> Reader:
        """Wait for status and headers.

        Raises:
            UpstreamError: As the call does.
        """
        reader = Reader(self)
        self._readers.add(reader)
        try:
            await asyncio.shield(self._head)
        except BaseException:
            self.leave(reader)
            raise
        return reader

    def leave(self, reader: Reader) -> None:
        """One less; when nobody is left and the answer is not complete, the call is cancelled."""
        self._readers.discard(reader)
        if not self._readers and not self.complete:
            self._close()
            self._task.cancel()
        self._notify()

    async def wait(self) -> None:
        """Until something has changed.

        Raises:
            UpstreamError: As the answer does, after all that came before it.
        """
        if self._error is not None:
            raise self._error
        await self._changed.wait()

    def taken(self) -> None:
        """A reader has moved on."""
        if self.num_bytes > self._max_bytes:
            self._forget()
        self._notify()

    async def _fly(self) -> None:
        try:
            answer = await self._ask()
            try:
                self.status, self.headers, self.served = answer.status, answer.headers, served_by(answer)
                if not self._head.done():
                    self._head.set_result(None)
                async for chunk in answer.chunks():
                    self.chunks.append(chunk)
                    self.num_bytes += len(chunk)
                    self._notify()
                    while self._readers and self._must_wait():
                        await self._changed.wait()
            finally:
                await answer.aclose()
            self.complete = True
            self._notify()
            await self._landed(self)
        except Exception as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._fail(UpstreamUnreachable("the call was stopped before its answer was complete"))
            raise
        finally:
            self._close()
            self._notify()

    def _fail(self, error: Exception) -> None:
        self._error = error
        if not self._head.done():
            if self._readers:
                self._head.set_exception(error)
            else:
                self._head.cancel()

    def _must_wait(self) -> bool:
        if self.num_bytes > self._max_bytes:
            self._forget()
            held = self.num_bytes - min(reader.num_bytes for reader in self._readers)
            return held > self._max_bytes
        return self.num_bytes - max(reader.num_bytes for reader in self._readers) > AHEAD_BYTES

    def _forget(self) -> None:
        """Drop what everyone has."""
        self._close()
        passed = min((reader.position for reader in self._readers), default=self.first)
        del self.chunks[: passed - self.first]
        self.first = passed

    def _close(self) -> None:
        over, self._over = self._over, _nothing
        over()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Reader:
    """The answer for one of them. Implements `core.upstream.Answer`."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self.position = 0  # chunks that were taken
        self.num_bytes = 0

    @property
    def status(self) -> int:
        return self._flight.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._flight.headers

    @property
    def served(self) -> Served:
        return self._flight.served

    async def chunks(self) -> AsyncIterator[bytes]:
        flight = self._flight
        while True:
            while self.position < flight.first + len(flight.chunks):
                chunk = flight.chunks[self.position - flight.first]
                self.position += 1
                self.num_bytes += len(chunk)
                yield chunk
                flight.taken()
            if flight.complete:
                return
            await flight.wait()

    async def aclose(self) -> None:
        self._flight.leave(self)


def _nothing() -> None: ...
