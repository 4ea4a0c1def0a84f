"""Further answers of the weak model, drawn at random: how many of them say the same is a sign of whether it knows.

Self-consistency (Wang et al., arXiv 2203.11171), for judging only: nobody is given the majority's answer. No more are
drawn than it takes to decide between more and fewer than half, and only a bounded share of the requests pays for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sparing.core.upstream import Call, Spent, Upstream, lost, may_ask, served_by
from sparing.core.usage import Usage
from sparing.errors import ModelMissing, UpstreamError
from sparing.generate.agree import same_vote
from sparing.generate.draft import Draft, read_draft
from sparing.generate.held import hold

_SHARE = 0.3  # of the answers that were tried
_START = 20.0  # more, so that something is known soon
_AT_ONCE = 4  # polls, and samples, of all requests together

Vary = Callable[[Call], Call | None]


@dataclass(frozen=True, slots=True)
class Poll:
    """What the samples said.

    Attributes:
        agreement: Share of those drawn that agree with the answer, drawn towards a half by two that were not.
        calls: That were made.
        spent: What they cost.
    """

    agreement: float
    calls: int
    spent: tuple[Spent, ...]


class Votes:
    """Draws samples.

    Args:
        vary: The call that draws one; None where the request cannot be drawn from.
        read_usage: What the body of an answer says that it cost.
    """

    def __init__(self, weak: Upstream, vary: Vary, read_usage: Callable[[bytes], Usage]) -> None:
        self._weak = weak
        self._vary = vary
        self._read_usage = read_usage
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._tried = self._polled = self._running = 0

    def tried(self) -> None:
        """Count an answer, whether or not anything is drawn for it."""
        self._tried += 1

    async def poll(self, call: Call, draft: Draft, most: int, wait_s: float) -> Poll | None:
        """Ask again until it is decided whether most agree; None where the share is used up, nothing came in time, or
        others are being polled: nobody waits in line for samples.

        Args:
            most: Samples that are drawn.
        """
        if self._polled >= _START + _SHARE * self._tried or self._running >= _AT_ONCE:
            return None
        drawn = self._vary(call)
        if drawn is None or not await may_ask(call, most):
            return None
        self._polled += 1
        self._running += 1
        agreed = differed = calls = 0
        spent: list[Spent] = []
        try:
            async with asyncio.timeout(wait_s):
                while wave := min(most // 2 + 1 - max(agreed, differed), most - calls):
                    calls += wave
                    for text, cost in await asyncio.gather(*(self._sample(drawn, wait_s) for _ in range(wave))):
                        spent += cost
                        if text:
                            same = same_vote(draft.text, text)
                            agreed, differed = agreed + same, differed + (not same)
        except TimeoutError:
            pass
        finally:
            self._running -= 1
        heard = agreed + differed
        return Poll((agreed + 1) / (heard + 2), calls, tuple(spent)) if heard else None

    async def _sample(self, call: Call, wait_s: float) -> tuple[str, list[Spent]]:
        async with self._free:
            try:
                answer = await self._weak.send(call)
                held = await hold(answer, wait_s)
            except (UpstreamError, ModelMissing):
                return "", []
        if held is None:
            lost(call)
        if held is None or held.status != 200:
            return "", []
        served = served_by(answer)
        usage = self._read_usage(held.body)
        cost = [*served.spent] + (
            [Spent(served.model or call.model, served.provider, usage)] if usage != Usage() else []
        )
        return read_draft(call.wire, held.body).text.strip(), cost
