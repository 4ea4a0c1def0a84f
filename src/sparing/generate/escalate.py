"""Asking the strong model where a weak answer is not enough, with or without that answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from sparing.core.upstream import Answer, Call, Spent, Upstream, may_ask, served_by
from sparing.core.usage import Usage
from sparing.generate.draft import Draft, read_draft
from sparing.generate.drafted import note, verdict
from sparing.generate.faults import has_failed
from sparing.generate.held import MOST_BYTES, Held
from sparing.generate.passing import Passing

ReadUsage = Callable[[bytes], Usage]
AddWords = Callable[[Call, str], "Call | None"]
Showing = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A weak answer that was not enough, or not yet.

    Attributes:
        held: None where none came.
        cost: Of it, as it says itself; of nothing, nothing.
        samples: What was drawn beside it, and cost.
        tries: Calls that were made, these included.
    """

    held: Held | None = None
    draft: Draft = field(default_factory=Draft)
    cost: tuple[Spent, ...] = ()
    samples: tuple[Spent, ...] = ()
    tries: int = 1

    def passed_on(self) -> Answer:
        """The weak answer, with what was drawn for it."""
        assert self.held is not None, "what did not come is not passed on"
        served = self.held.served
        return Passing(self.held, replace(served, tries=self.tries, spent=(*served.spent, *self.samples)))


class Escalation:
    """Asks the strong model.

    Args:
        read_usage: What the body of an answer says that it cost.
        add_words: The call with words at the end of its prompt; None where it has no such place.
    """

    def __init__(self, strong: Upstream, read_usage: ReadUsage, add_words: AddWords) -> None:
        self._strong = strong
        self._read_usage = read_usage
        self._add_words = add_words

    async def plain(self, call: Call, tried: Tried) -> Answer:
        """Its answer, with what was spent before."""
        try:
            answer = await self._strong.send(call)
        except BaseException:  # no answer will tell what was spent before it
            if call.allowance is not None:
                for one in _before(tried):
                    call.allowance.used(one)
            raise
        return _after(answer, tried)

    async def shown(self, call: Call, tried: Tried, learn: Callable[[bool], None]) -> Answer:
        """Its answer to the request with the weak answer at the end, or that answer where it would say the same.

        Where the request with a draft is refused, or what comes of it cannot be passed on, it is asked without.

        Args:
            learn: Told whether the draft was kept.
        """
        shown = self._add_words(call, note(tried.draft))
        if shown is None or not await may_ask(call, added_bytes=len(shown.body) - len(call.body)):
            return await self.plain(call, tried)
        answer = await self._strong.send(replace(shown, headers={**shown.headers, "accept-encoding": "identity"}))
        served = served_by(answer)
        tried = replace(tried, tries=tried.tries + served.tries)
        if answer.status != 200:
            await answer.aclose()
            return await self.plain(call, tried)
        found = await verdict(answer, call.wire)
        if found.kind == "replaced":
            learn(False)
            return _after(found.answer, replace(tried, tries=tried.tries - served.tries), "replaced")
        await answer.aclose()
        cost = (*served.spent, *self.cost(found.body, served.model or call.model, served.provider))
        tried = replace(tried, samples=(*tried.samples, *cost))
        if found.kind == "unusable":
            return await self.plain(call, tried)
        learn(True)
        kept = tried.passed_on()
        return Passing(kept, replace(served_by(kept), draft="kept"))

    def cost(self, body: bytes, model: str, provider: str) -> tuple[Spent, ...]:
        """What an answer says that it cost."""
        usage = self._read_usage(body)
        return (Spent(model, provider, usage),) if usage != Usage() else ()


def _after(answer: Answer, tried: Tried, draft: str = "") -> Answer:
    served = served_by(answer)
    spent = (*served.spent, *_before(tried))
    return Passing(answer, replace(served, tries=served.tries + tried.tries, spent=spent, draft=draft))


def _before(tried: Tried) -> tuple[Spent, ...]:
    """All that a weak answer which is not passed on has cost."""
    before = tried.held.served.spent if tried.held is not None else ()
    return (*before, *tried.cost, *tried.samples)


class Compared(Passing):
    """A strong answer on its way to the caller; when it is complete, what it says is told."""

    def __init__(self, answer: Answer, wire: str, tell: Callable[[str], None]) -> None:
        super().__init__(answer)
        self._wire = wire
        self._tell = tell

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
                self._tell(strong.text)
