"""A second request when the first is slow to begin: the tail of the latency, for a few requests more.

After J. Dean and L. A. Barroso, "The Tail at Scale" (CACM 2013), "hedged requests": the second goes out after the 95th
percentile of what answers take to begin, here measured on the answers as they come, and whichever begins first is
taken; the other is cancelled. Beside that, a bound on the share of requests that are sent twice, so that an upstream
that becomes slow as a whole is not sent twice the load.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from sparing.core.upstream import Answer, Call, Upstream, lost, may_ask
from sparing.generate.begun import after, begin
from sparing.generate.faults import has_failed, is_repeatable

_KEPT = 200  # times to first piece that the percentile is of: recent ones only
_LEAST = 20  # with fewer, nothing is known of the tail
_SAVED_UP = 10.0  # second requests that a quiet time can save up for a bad one


class Tail:
    """The 95th percentile of what the newest answers took to begin, in seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_KEPT)
        self._p95_s: float | None = None

    def saw(self, taken_s: float) -> None:
        self._times.append(taken_s)
        self._p95_s = None

    def p95_s(self) -> float | None:
        """None while too few answers have been seen."""
        if len(self._times) < _LEAST:
            return None
        if self._p95_s is None:
            self._p95_s = sorted(self._times)[int(0.95 * (len(self._times) - 1))]
        return self._p95_s


class Hedged:
    """Sends a call a second time when its answer is slow to begin. Implements `core.upstream.Upstream`.

    Args:
        share: Second requests per request at most, 0..1, over any longer time.
        clock: Monotonic, seconds.
    """

    def __init__(self, upstream: Upstream, share: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._share = share
        self._clock = clock
        # A whole answer takes as long as it is; a stream's first piece does not.
        self._tails = {True: Tail(), False: Tail()}
        self._saved = 0.0

    async def send(self, call: Call) -> Answer:
        self._saved = min(self._saved + self._share, _SAVED_UP)
        tail = self._tails[call.stream]
        started_s = self._clock()
        patience_s = tail.p95_s() if is_repeatable(call) else None
        answer = await (self._begun(call) if patience_s is None else self._race(call, patience_s))
        if not has_failed(answer):
            tail.saw(self._clock() - started_s)
        return answer

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _begun(self, call: Call) -> Answer:
        return await begin(await self._upstream.send(call))

    async def _race(self, call: Call, patience_s: float) -> Answer:
        first = asyncio.create_task(self._begun(call))
        racers = {first}
        try:
            await asyncio.wait(racers, timeout=patience_s)
            if not first.done() and self._saved >= 1 and await may_ask(call):
                self._saved -= 1
                racers.add(asyncio.create_task(self._begun(call)))
            winner = await _first_good(racers)
            racers.discard(winner)
            if racers:
                lost(call)
        finally:
            others = len(racers)
            await _give_up(racers)
        return after(winner.result(), others)


async def _first_good(racers: set[asyncio.Task[Answer]]) -> asyncio.Task[Answer]:
    """The first that brings an answer; if none does, the last to fail."""
    waiting = racers
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.exception() is None and not has_failed(task.result()):
                return task
        if not waiting:
            return done.pop()


async def _give_up(racers: set[asyncio.Task[Answer]]) -> None:
    """Cancel them, and close what they brought."""
    if not racers:
        return
    for task in racers:
        task.cancel()
    await asyncio.wait(racers)
    for task in racers:
        if not task.cancelled() and task.exception() is None:
            await task.result().aclose()
