"""Not asking an upstream that keeps failing: closed, open, half open.

The pattern is M. Nygard's ("Release It!", 2007). Counted is the share of failures among the newest outcomes within a
window of time, so that one bad minute an hour ago says nothing, and one failure of two requests not enough.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import UpstreamError, UpstreamResting
from sparing.generate.faults import has_failed, is_outage
from sparing.generate.passing import Passing

_REMEMBERED = 100  # outcomes; what more would say is in the newest hundred


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop asking.

    Attributes:
        failures: Share of failures, 0..1, at which it opens.
        least: So many outcomes have to be in the window to judge.
        window_s: Older outcomes do not count.
        open_s: How long nothing is asked before one call tries whether it is well again.
    """

    failures: float = 0.5
    least: int = 5
    window_s: float = 30.0
    open_s: float = 15.0


class Breaker:
    """The state of one upstream.

    Args:
        clock: Monotonic, seconds.
    """

    def __init__(self, limits: Limits = Limits(), clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_REMEMBERED)
        self._opened_s: float | None = None
        self._probing = False
        self._epoch = 0

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half open``."""
        if self._opened_s is None:
            return "closed"
        return "open" if self.wait_s() > 0 else "half open"

    def wait_s(self) -> float:
        """Until a call may try again; 0 when one may now."""
        if self._opened_s is None:
            return 0.0
        # A clock that jumped backwards must not keep it open for longer than it was meant to be.
        return min(max(self._opened_s + self._limits.open_s - self._clock(), 0.0), self._limits.open_s)

    def admit(self) -> int | None:
        """A ticket for one call, to be given back with its outcome; None if it must not be made."""
        if self._opened_s is not None:
            if self.wait_s() > 0 or self._probing:
                return None
            self._probing = True
        return self._epoch

    def done(self, ticket: int, *, failed: bool | None) -> None:
        """Note how a call ended; None: it was given up, which says nothing. Calls from before a change say nothing."""
        if ticket != self._epoch:
            return
        self._probing = False
        if failed is None:
            return
        if self._opened_s is not None:
            self._change(opened=failed)
            return
        now_s = self._clock()
        self._outcomes.append((now_s, failed))
        if failed and self._is_too_much(now_s):
            self._change(opened=True)

    def _is_too_much(self, now_s: float) -> bool:
        recent = [failed for at_s, failed in self._outcomes if now_s - at_s <= self._limits.window_s]
        return len(recent) >= self._limits.least and sum(recent) >= self._limits.failures * len(recent)

    def _change(self, *, opened: bool) -> None:
        self._epoch += 1
        self._outcomes.clear()
        self._opened_s = self._clock() if opened else None


class Guarded:
    """An upstream behind a breaker. Implements `core.upstream.Upstream`.

    Failures are errors, statuses that say that the upstream is unwell, answers of status 200 that begin with an error,
    and answers that break off or fall silent half way. A caller that hangs up says nothing about the upstream.

    Args:
        name: Of the upstream, for the error.
    """

    def __init__(self, upstream: Upstream, breaker: Breaker, name: str) -> None:
        self._upstream = upstream
        self._breaker = breaker
        self._name = name

    async def send(self, call: Call) -> Answer:
        """As the upstream does.

        Raises:
            UpstreamResting: It failed too often of late; says when to ask again.
        """
        ticket = self._breaker.admit()
        if ticket is None:
            raise UpstreamResting(
                f"{self._name} failed too often just now, so it is not asked for a while",
                hint="try again later",
                provider=self._name,
                status_code=503,
                retry_after_s=max(self._breaker.wait_s(), 1.0),
            )
        try:
            answer = await self._upstream.send(call)
        except UpstreamError:
            self._breaker.done(ticket, failed=True)
            raise
        except BaseException:
            self._breaker.done(ticket, failed=None)
            raise
        if is_outage(answer) or (answer.status == 200 and has_failed(answer)):
            self._breaker.done(ticket, failed=True)
            return answer
        if self._breaker.state != "closed":
            self._breaker.done(ticket, failed=False)  # it answers again: nobody has to wait for the end of this answer
            return answer
        return _Watched(answer, self._breaker, ticket)

    async def aclose(self) -> None:
        await self._upstream.aclose()


class _Watched(Passing):
    """An answer whose end the breaker learns of."""

    def __init__(self, answer: Answer, breaker: Breaker, ticket: int) -> None:
        super().__init__(answer)
        self._breaker = breaker
        self._ticket: int | None = ticket

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.chunks():
                yield chunk
        except UpstreamError:
            self._done(failed=True)
            raise
        self._done(failed=False)

    async def aclose(self) -> None:
        self._done(failed=None)
        await super().aclose()

    def _done(self, *, failed: bool | None) -> None:
        if self._ticket is not None:
            self._breaker.done(self._ticket, failed=failed)
            self._ticket = None
