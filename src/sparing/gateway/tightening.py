"""Answers that are longer than their policy says, made shorter on their way to the caller.

The provider has given and billed the whole answer: what is saved is the reader's time, and what every later turn of the
conversation would carry.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import SparingError
from sparing.finish.answer_texts import answer_texts, with_texts
from sparing.finish.ends import Ends
from sparing.finish.events import split_events
from sparing.finish.hold import FORMS, Hold
from sparing.finish.stop import STOPS
from sparing.finish.tighten import Tightened, tighten
from sparing.gateway.exchange import Exchange
from sparing.gateway.outgoing import PATIENCE
from sparing.gateway.relay import EVENTS, JSON, is_plain, kind_of
from sparing.gateway.sse import EventCutter
from sparing.gateway.whole import WholeAnswer
from sparing.generate.cache.answers import read_answer
from sparing.generate.passing import Passing
from sparing.tokens.models import counter_for

_SILENCE_S = 10.0  # of a stream whose text waits; then the caller hears that it goes on
# What refers into the text of an answer, by place or by token, and would be wrong of a shorter one.
_REFERS = re.compile(rb'"(?:annotations|citations|logprobs|(?:grounding|citation)Metadata)"\s*:\s*[\[{]\s*["\d{\[]')


class Shorter(Protocol):
    """Has a model say an answer in fewer words; see `rewriting.Rewriting`."""

    async def __call__(self, answer: str, sent: str, question: str) -> Tightened | None: ...


@dataclass(frozen=True, slots=True)
class Tightening:
    """The upstream of one request, whose answers are tightened. Implements `core.upstream.Upstream`.

    Args:
        tokens: What an answer should have at most.
        question: Reads what was asked; CPU-bound.
        pool: Where answers are tightened: never on the event loop.
        deadline_s: For tightening one.
        keep: Keeps a whole answer and says under what; "" if it is not kept.
        shorter: Where the policy lets a model say it.
    """

    upstream: Upstream
    tokens: int
    exchange: Exchange
    question: Callable[[], str]
    pool: Executor
    deadline_s: float
    keep: Callable[[str], str]
    shorter: Shorter | None = None

    async def send(self, call: Call) -> Answer:
        answer = await self.upstream.send(call)
        if answer.status != 200 or not is_plain(answer) or call.wire not in FORMS:
            return answer
        made = {EVENTS: _Events, JSON: _Whole}.get(kind_of(answer))
        return made(answer, call, self) if made is not None else answer

    async def aclose(self) -> None:
        """The upstream is the gateway's."""

    async def tightened(self, answer: str, sent: str, model: str) -> Tightened | None:
        """What becomes of an answer; None where there was no time, and it goes out as it is."""

        def work() -> tuple[Tightened, str]:
            asked, most = self.question(), self.tokens
            return tighten(
                answer, question=asked, most_tokens=most, model=model, sent=sent, deadline_s=self.deadline_s
            ), asked

        try:
            async with asyncio.timeout(PATIENCE * self.deadline_s):
                result, asked = await asyncio.get_running_loop().run_in_executor(self.pool, work)
        except TimeoutError:
            reason = f"tightening it took longer than {PATIENCE * self.deadline_s:g} s"
            self.exchange.tightened = Tightened(answer, "left", 0, 0, (), reason, exact=False)
            return None
        if result.how != "whole" and self.shorter is not None:
            result = await self.shorter(answer, sent, asked) or result
        if result.how != "whole":
            self.exchange.tightened = result
        if result.text != answer:
            self.exchange.full_answer = self.keep(answer)
        return result


class _Events(Passing):
    def __init__(self, answer: Answer, call: Call, tightening: Tightening) -> None:
        super().__init__(answer)
        self._call = call
        self._tightening = tightening

    async def chunks(self) -> AsyncIterator[bytes]:
        cutter, call = EventCutter(), self._call
        hold = Hold(FORMS[call.wire](), self._tightening.tokens, counter_for(call.model).count)
        heard_s = time.monotonic()
        try:
            async for chunk in self._answer.chunks():
                shown = []
                for event in split_events(cutter.feed(chunk)):
                    shown.append(hold.event(event))
                    if hold.due:
                        shown.append(await self._shown(hold))
                told = b"".join(shown)
                if not told and hold.holds and time.monotonic() - heard_s > _SILENCE_S:
                    told = hold.alive()
                if told:
                    heard_s = time.monotonic()
                    yield told
        except SparingError:  # what came before it broke is the caller's
            if held := hold.let_go():
                yield held
            raise
        if rest := hold.let_go() + cutter.rest():
            yield rest

    async def _shown(self, hold: Hold) -> bytes:
        result = await self._tightening.tightened(*hold.said, self._call.model)
        return hold.let_go() if result is None else hold.shown(result)


class _Whole(WholeAnswer):
    def __init__(self, answer: Answer, call: Call, tightening: Tightening) -> None:
        super().__init__(answer)
        self._call = call
        self._tightening = tightening

    async def _shown(self, body: bytes) -> bytes:
        tightening, wire = self._tightening, self._call.wire
        in_pool = asyncio.get_running_loop().run_in_executor
        text = await in_pool(tightening.pool, _only_text, body, wire)
        result = await tightening.tightened(text, "", self._call.model) if text else None
        if result is None or result.text == text:
            return body
        if result.how == "stopped":
            ends = Ends(tightening.tokens, counter_for(self._call.model).count)
            return await in_pool(tightening.pool, STOPS[wire](ends).whole, body)
        return await in_pool(tightening.pool, with_texts, body, wire, lambda _: result.text)


def _only_text(body: bytes, wire: str) -> str:
    """The text of an answer that says one, calls nothing and refers to no place in it; "" of any other."""
    said = read_answer(wire, JSON, body)
    if said is None or said.wrong or said.calls_tools or _REFERS.search(body):
        return ""
    texts = answer_texts(body, wire)
    return texts[0] if len(texts) == 1 else ""
