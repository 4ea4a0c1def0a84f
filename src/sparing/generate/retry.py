"""Asking again when a failure may pass: full jitter, and what the upstream says about when.

Backoff as in M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), "full jitter"; an upstream's
``retry-after`` is waited for in full, with the jitter on top, as callers that were refused together must not come back
together.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import UpstreamError, UpstreamResting
from sparing.generate.begun import after, begin
from sparing.generate.faults import has_failed, is_passing, is_repeatable, retry_after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try, and how long to wait in between.

    Attributes:
        tries: Calls at most, the first included.
        base_s: The first wait is up to this long, each later one up to twice the one before.
        wait_s: All waits together; one that the upstream asks for and that does not fit is not begun.
    """

    tries: int = 3
    base_s: float = 0.5
    wait_s: float = 10.0


class Retrying:
    """An upstream that is asked again until its answer has begun. Implements `core.upstream.Upstream`.

    Only calls that do nothing twice are made twice, and only while nothing of an answer is here: an answer counts as
    begun with its first piece. One that begins with an error, whatever its status, has failed. The last failure is
    passed on as it is.

    Args:
        sleep, draw, clock: The loop's sleep, a random share 0..1, and Unix time in seconds.
    """

    def __init__(
        self,
        upstream: Upstream,
        patience: Patience,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._upstream = upstream
        self._patience = patience
        self._sleep = sleep
        self._draw = draw
        self._clock = clock

    async def send(self, call: Call) -> Answer:
        if not is_repeatable(call):
            return await self._upstream.send(call)
        left_s = self._patience.wait_s
        for tried in range(self._patience.tries):
            answer, error = await self._try(call)
            wait_s = self._wait_s(tried, answer, error, left_s)
            last = wait_s is None or tried + 1 == self._patience.tries
            if answer is not None and (last or not has_failed(answer)):
                return after(answer, tried)
            if error is not None and last:
                error.tries = tried + 1
                raise error
            if answer is not None:
                await answer.aclose()
            assert wait_s is not None
            left_s -= wait_s
            await self._sleep(wait_s)
        raise AssertionError("the last try is passed on")

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _try(self, call: Call) -> tuple[Answer | None, UpstreamError | None]:
        try:
            answer = await self._upstream.send(call)
            return (answer if is_passing(answer) else await begin(answer)), None
        except UpstreamError as error:
            return None, error

    def _wait_s(self, tried: int, answer: Answer | None, error: UpstreamError | None, left_s: float) -> float | None:
        """How long until the next try; None where there should be none."""
        if isinstance(error, UpstreamResting):
            return None
        asked_s = retry_after_s(answer.headers, self._clock()) if answer is not None else None
        if asked_s is not None and asked_s > left_s:
            return None
        jitter_s: float = self._draw() * self._patience.base_s * 2**tried
        return min((asked_s or 0.0) + jitter_s, left_s)
