"""Leaving the upstream once its answer is complete: what it would have gone on with is never generated.

Only streams: of an answer that came whole everything is paid for. Events are passed on as they come, but for the few
that may be the beginning of a courtesy; these wait until that is known.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator

from sparing.core.upstream import Answer, Call, Upstream
from sparing.finish.complete import Form, Watcher, form_of, watchers
from sparing.finish.cut import Cut
from sparing.finish.events import data_of, split_events
from sparing.finish.stop import STOPS
from sparing.gateway.exchange import Exchange
from sparing.gateway.relay import EVENTS, is_plain, kind_of
from sparing.gateway.sse import EventCutter
from sparing.generate.asked import read_asked
from sparing.generate.draft import Draft, see
from sparing.generate.passing import Passing
from sparing.receive.knobs import read_knobs
from sparing.settings.policies import Stopping
from sparing.tokens.models import counter_for

_READ_BYTES = 256_000  # of a request; reading a longer one would take milliseconds
_LOOKED_AT_BYTES = 2048  # the end of a body is where a request says what form its answer must have
_MAY_HAVE_A_FORM = re.compile(rb"\b(?:only|just|single)\b|nothing (?:but|else)")
_WORDS_OF_A_FORM = (b"only", b"just", b"single", b"nothing")  # one of which it has, found sooner than by the pattern
_JSON_FORMATS = (b'"json_object"', b'"json_schema"', b"application/json")


class Completing:
    """The upstream of one request, whose answers end once they are complete. Implements `core.upstream.Upstream`."""

    def __init__(self, upstream: Upstream, stopping: Stopping, exchange: Exchange) -> None:
        self._upstream = upstream
        self._stopping = stopping
        self._exchange = exchange

    async def send(self, call: Call) -> Answer:
        answer = await self._upstream.send(call)
        streams = answer.status == 200 and is_plain(answer) and kind_of(answer) == EVENTS and call.wire in STOPS
        looking = watchers(form(call), self._stopping) if streams and self._may_end(call) else []
        return _Watched(answer, call, looking, self._exchange) if looking else answer

    async def aclose(self) -> None:
        """The upstream is the gateway's."""

    def _may_end(self, call: Call) -> bool:
        """Whether it is worth reading what the request asks for."""
        if len(call.body) > _READ_BYTES:
            return False
        return self._stopping == "eager" or (self._stopping == "careful" and _may_have_a_form(call.body))


def _may_have_a_form(body: bytes) -> bool:
    if any(mark in body for mark in _JSON_FORMATS):
        return True
    end = body[-_LOOKED_AT_BYTES:].lower()
    return any(word in end for word in _WORDS_OF_A_FORM) and _MAY_HAVE_A_FORM.search(end) is not None


def form(call: Call) -> Form:
    """The form that a call's answer must have; none of one with tools, or that asks for several."""
    asked = read_asked(call.body)
    if asked.has_tools or read_knobs(call.body).num_answers > 1:
        return Form(may_repeat=True)
    return form_of(asked.question, wants_json=asked.wants_json)


class _Watched(Passing):
    def __init__(self, answer: Answer, call: Call, looking: list[Watcher], exchange: Exchange) -> None:
        super().__init__(answer)
        self._wire = call.wire
        self._body = call.body
        self._looking = looking
        self._exchange = exchange
        self._cut = Cut(counter_for(call.model).count)
        self._stop = STOPS[call.wire](self._cut)
        self._seen = 0
        self._held: deque[tuple[int, bytes]] = deque()  # where the text of each begins

    async def chunks(self) -> AsyncIterator[bytes]:
        cutter = EventCutter()
        async for chunk in self._answer.chunks():
            shown = b"".join(map(self._shown, split_events(cutter.feed(chunk))))
            if shown:
                yield shown
            if self._stop.stopped:
                self._note()
                await self._answer.aclose()  # at once: what is generated from now on is paid for
                return
        if rest := b"".join(event for _, event in self._held) + cutter.rest():
            yield rest

    def _shown(self, event: bytes) -> bytes:
        """What can be passed on now that this event is here."""
        if self._stop.stopped:
            return b""
        text = self._text(event)
        self._held.append((self._seen, event))
        self._seen += len(text)
        for one in self._looking if text else ():
            one.see(text)
        ends = [one.end for one in self._looking if one.end is not None]
        safe = min([one.safe for one in self._looking])
        passed = []
        while self._held and not self._stop.stopped:
            start, first = self._held[0]
            end = self._held[1][0] if len(self._held) > 1 else self._seen
            if ends and end > min(ends):
                self._cut.arm(max(0, min(ends) - start))
            elif end > safe:
                break
            self._held.popleft()
            passed.append(self._stop.event(first))
        return b"".join(passed)

    def _text(self, event: bytes) -> str:
        data = data_of(event)
        draft = Draft()
        if isinstance(data, dict):
            see(self._wire, data, draft)
        return draft.text

    def _note(self) -> None:
        ended = min((one for one in self._looking if one.end is not None), key=lambda one: one.end or 0)
        allowed = read_knobs(self._body).answer_tokens
        most = f", of {allowed:,} allowed" if allowed else ""
        self._exchange.stopped = f"complete: {ended.why}; {self._cut.tokens:,} tokens{most}"
