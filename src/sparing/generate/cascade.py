"""The weak model first, where that pays; its answer is judged before anyone sees it, the strong one asked if need be.

The idea is FrugalGPT's (Chen et al., arXiv 2305.05176): a judge decides whether an answer will do. Here the judge
learns from the cascade's own traffic (`confidence`), it reads the request beside the answer (`signals`), and what a
failed try costs decides whether to try at all. A streaming caller waits until the weak answer is whole and judged,
`wait_s` at most, and then gets it at once; the strong answer streams as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from sparing.core.upstream import Answer, Call, Spent, Upstream, served_by
from sparing.core.usage import Usage
from sparing.errors import ModelMissing, UpstreamError
from sparing.generate.agree import agree
from sparing.generate.asked import Asked, read_asked
from sparing.generate.breaker import Breaker
from sparing.generate.confidence import Confidence
from sparing.generate.draft import Draft, read_draft
from sparing.generate.faults import has_failed
from sparing.generate.held import MOST_BYTES, Held, hold
from sparing.generate.passing import Passing
from sparing.generate.signals import NAMES, signals_of, veto

_LENGTHS = (200, 1000, 5000, 50_000)  # characters: requests of one class are of one size and form

ReadUsage = Callable[[bytes], Usage]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator asks of a cascade.

    Attributes:
        good_enough: Share of the weak answers that are passed on, 0..1, that the strong model has to agree with.
        wait_s: Longest wait for a weak answer.
        price: Of a weak answer, where a strong one costs 1.
    """

    good_enough: float = 0.9
    wait_s: float = 10.0
    price: float = 0.1


class Cascade:
    """A weak and a strong upstream as one. Implements `core.upstream.Upstream`.

    Requests with tools go to the strong one: what a call of a tool does cannot be judged before it is made.

    Args:
        read_usage: What the body of an answer says that it cost.
        new_confidence: Makes what is known of one class of traffic, when it is first seen.
    """

    def __init__(
        self,
        weak: Upstream,
        strong: Upstream,
        terms: Terms,
        read_usage: ReadUsage,
        new_confidence: Callable[[], Confidence] | None = None,
    ) -> None:
        self._weak = weak
        self._strong = strong
        self._terms = terms
        self._read_usage = read_usage
        self._new = new_confidence or (lambda: Confidence(len(NAMES), terms.good_enough, terms.price))
        self._classes: dict[str, Confidence] = {}
        self._slowness = Breaker()  # so that not every caller waits in vain for a weak model that is stuck

    async def send(self, call: Call) -> Answer:
        asked = read_asked(call.body)
        if asked.has_tools or not asked.question or call.method != "POST":
            return await self._strong.send(call)
        kind = class_of(call, asked)
        if kind not in self._classes:
            self._classes[kind] = self._new()
        confidence = self._classes[kind]
        if not confidence.is_worth_trying():
            return await self._strong.send(call)
        ticket = self._slowness.admit()
        if ticket is None:
            return await self._strong.send(call)
        held = await self._tried(call, ticket)
        if held is None or held.status != 200:
            confidence.rejected()
            return await self._escalated(call, held)
        draft = read_draft(call.wire, held.body)
        if veto(asked, draft):
            confidence.rejected()
            return await self._escalated(call, held)
        signals = signals_of(asked, draft)
        if confidence.takes(signals):
            return held
        return _Compared(await self._escalated(call, held), call.wire, draft, signals, confidence)

    async def aclose(self) -> None:
        await self._weak.aclose()
        await self._strong.aclose()

    async def _tried(self, call: Call, ticket: int) -> Held | None:
        """The weak answer, whole; None where there is none in time."""
        failed: bool | None = None
        started_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._terms.wait_s):
                answer = await self._weak.send(call)
            taken_s = asyncio.get_running_loop().time() - started_s
            held = await hold(answer, self._terms.wait_s - taken_s)
            failed = held is None
        except (UpstreamError, ModelMissing, TimeoutError):
            failed = True
            return None
        else:
            return held
        finally:
            self._slowness.done(ticket, failed=failed)

    async def _escalated(self, call: Call, held: Held | None) -> Answer:
        answer = await self._strong.send(call)
        served = served_by(answer)
        if held is None:
            return Passing(answer, replace(served, tries=served.tries + 1))
        spent = Spent(held.served.model or call.model, held.served.provider, self._read_usage(held.body))
        return Passing(
            answer,
            replace(
                served,
                tries=served.tries + held.served.tries,
                spent=(*served.spent, *held.served.spent, *((spent,) if spent.usage != Usage() else ())),
            ),
        )


def class_of(call: Call, asked: Asked) -> str:
    """The class of traffic of a request: its wire format, the form of its answer and its size."""
    size = sum(len(asked.text) > length for length in _LENGTHS)
    return f"{call.wire} {'json' if asked.wants_json else 'text'} {size}"


class _Compared(Passing):
    """A strong answer on its way to the caller, compared with the weak one when it is complete."""

    def __init__(
        self, answer: Answer, wire: str, draft: Draft, signals: tuple[float, ...], confidence: Confidence
    ) -> None:
        super().__init__(answer)
        self._wire = wire
        self._draft = draft
        self._signals = signals
        self._confidence = confidence

    async def chunks(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        size = 0
        async for chunk in self._answer.chunks():
            size += len(chunk)
            if size <= MOST_BYTES:
                parts.append(chunk)
            yield chunk
        if size <= MOST_BYTES and self.status == 200 and not has_failed(self._answer):
            strong = read_draft(self._wire, b"".join(parts))
            if strong.ended in ("stop", "") and strong.text.strip():
                self._confidence.learn(self._signals, agree(self._draft.text, strong.text))
