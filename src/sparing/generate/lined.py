"""An upstream that takes so many calls at once: the others wait in line, the urgent first (`generate.line`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import UpstreamBusy
from sparing.generate.line import Line
from sparing.generate.passing import Passing

_Turn = asyncio.Future[None]
CallLine = Line[_Turn]

_RETRY_S = 5.0


class Lined:
    """Lets calls through in their turn. Implements `core.upstream.Upstream`.

    A place is given back when the answer is closed, or its call fails. A call that is turned away or cancelled while it
    waits leaves the line.

    Args:
        line: Whose turn it is; several upstreams may share one.
        clock: Monotonic, seconds.
    """

    def __init__(
        self,
        upstream: Upstream,
        name: str,
        line: CallLine,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream
        self._name = name
        self._line = line
        self._clock = clock
        self.control_headers = getattr(upstream, "control_headers", ())

    async def send(self, call: Call) -> Answer:
        """As the upstream does, once it is this call's turn.

        Raises:
            UpstreamBusy: Too many wait that are as urgent.
        """
        await self._wait(call.rank)
        try:
            answer = await self._upstream.send(call)
        except BaseException:
            self._next()
            raise
        return _Held(answer, self._next)

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _wait(self, rank: int) -> None:
        turn: _Turn = asyncio.get_running_loop().create_future()
        at_once, turned_away = self._line.enter(turn, rank, self._clock())
        if turned_away is not None and not turned_away.done():
            turned_away.set_exception(
                UpstreamBusy(
                    f"{self._line.num_waiting:,} requests wait for {self._name} that are at least as urgent",
                    hint="ask again later, or with a policy of a higher priority",
                    provider=self._name,
                    status_code=503,
                    retry_after_s=_RETRY_S,
                )
            )
        if at_once:
            return
        try:
            await turn
        except asyncio.CancelledError:
            if not self._line.give_up(turn) and turn.done() and not turn.cancelled() and turn.exception() is None:
                self._next()  # its turn had just come
            raise

    def _next(self) -> None:
        following = self._line.leave()
        while following is not None and following.done():  # it has gone, and will not give its place back itself
            following = self._line.leave()
        if following is not None:
            following.set_result(None)


class _Held(Passing):
    """An answer whose place in the upstream is given back once."""

    def __init__(self, answer: Answer, give_back: Callable[[], None]) -> None:
        super().__init__(answer)
        self._give_back = give_back
        self._held = True

    async def aclose(self) -> None:
        try:
            await super().aclose()
        finally:
            if self._held:
                self._held = False
                self._give_back()
