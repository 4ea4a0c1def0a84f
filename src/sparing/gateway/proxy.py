"""The hot path: one request in, reduced, sent on, its answer streamed back. Raw ASGI."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Container
from dataclasses import replace
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qsl

from msgspec.structs import replace as replace_struct
from starlette.types import Receive, Scope, Send

from sparing import registry
from sparing.core.budget import Mode
from sparing.core.upstream import Answer, Call, Upstream, served_by
from sparing.core.wire import Wire
from sparing.errors import SparingError
from sparing.finish.find import find_handler
from sparing.finish.own_calls import Answering, Loop
from sparing.finish.recall import recall_handler
from sparing.gateway.admission import Admission
from sparing.gateway.body import ClientGone, read_body
from sparing.gateway.completing import Completing
from sparing.gateway.controls import Controls, read_controls
from sparing.gateway.desk import Desk
from sparing.gateway.exchange import Exchange
from sparing.gateway.gone import until_gone
from sparing.gateway.headers import Raw, forwarded, get, target_of, tenant_of
from sparing.gateway.outgoing import Outgoing, prepare
from sparing.gateway.overruns import held_to_ceiling
from sparing.gateway.own_calls import OwnCalls
from sparing.gateway.relay import Relay
from sparing.gateway.retrieving import retrieving
from sparing.gateway.services import Services
from sparing.gateway.summarising import Summarising
from sparing.gateway.wider import Wider
from sparing.generate.cache.rules import WISH_HEADER
from sparing.own_tools import RECALL
from sparing.plan.callers import Caller
from sparing.settings.policies import PRIORITIES
from sparing.tokens.models import counter_for
from sparing.toolset.search import FIND

log = logging.getLogger("sparing.gateway")

_CLIENT_GONE = 499  # nginx's status for it; only ever seen in receipts and metrics
_STOPPED = 503
_DEFAULT_RANK = PRIORITIES["standard"]
_REFUSED = (400, 422)


class _Asked(NamedTuple):
    """One request as it was let in.

    Attributes:
        wire: Reads and edits its body; None passes it through as it is.
        controls: How it is treated; None likewise.
        admission: None where everything is let in.
    """

    scope: Scope
    body: bytes
    exchange: Exchange
    wire: Wire | None
    controls: Controls | None
    admission: Admission | None = None


class Proxy:
    """ASGI application for the paths of one wire format.

    Args:
        name: The wire format, which decides what errors look like.
        wire: Reads and edits the body; None passes every request through as it is.
    """

    def __init__(self, name: str, wire: Wire | None, upstream: Upstream, services: Services) -> None:
        self.name = name
        self._wire = wire
        self._upstream = upstream
        self._services = services
        self._upstreams_own: Container[bytes] = getattr(upstream, "control_headers", ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self.name, self._services.sellers.get(self.name, ""))
        relay = Relay(send, exchange)
        self._services.metrics.begin()
        try:
            await self._serve(scope, receive, relay, exchange)
        except ClientGone:
            if not relay.has_passed_all():
                exchange.failed("the caller disconnected", _CLIENT_GONE)
        except SparingError as error:
            await relay.fail(error)
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            exchange.failed("the gateway was stopped", _STOPPED)
            raise
        except BaseException as error:  # a panic in a Rust extension is no Exception
            log.exception("a request to %s failed", scope["path"])
            await relay.fail(error)
        finally:
            self._account(exchange)

    async def _serve(self, scope: Scope, receive: Receive, relay: Relay, exchange: Exchange) -> None:
        services, desk = self._services, self._services.desk
        controls, caller = None, None
        if desk is None:
            controls = self._controls(scope, services.defaults)
        else:
            caller = exchange.deciding.run(desk.caller, scope)
        exchange.mode = controls.mode if controls is not None else None
        body = await read_body(receive, scope["headers"], services.max_body_bytes)
        with until_gone(receive, relay.has_passed_all):
            asked = _Asked(scope, body, exchange, self._wire, controls)
            if desk is not None:
                asked = self._let_in(asked, desk, caller)
            outgoing = await self._outgoing(asked)
            exchange.receipt, exchange.reason = outgoing.receipt, outgoing.reason
            exchange.sent_s = time.perf_counter()
            last = await self._answered(asked, outgoing, relay)
        await relay.finish(last)

    def _let_in(self, asked: _Asked, desk: Desk, caller: Caller | None) -> _Asked:
        """The request under its policy, with what was decided of it."""
        scope, exchange, wire = asked.scope, asked.exchange, asked.wire
        with exchange.deciding:
            admission = Admission(desk, caller, scope, asked.body, exchange, generates=wire is not None)
            exchange.settle = admission.settle
            controls = admission.eased(self._controls(scope, admission.controls))
            controls = admission.decided(controls)
        exchange.mode = controls.mode if controls is not None else None
        wire = wire and (wire.at(admission.path) or wire)
        return _Asked(scope, admission.body, exchange, wire, controls, admission)

    async def _outgoing(self, asked: _Asked) -> Outgoing:
        """What goes out: with passages, reduced, within the caller's limits."""
        body, wire, controls, admission = asked.body, asked.wire, asked.controls, asked.admission
        scope, exchange, services = asked.scope, asked.exchange, self._services
        outgoing = Outgoing(body, body)
        if wire is not None and controls is not None:
            encoding = get(scope["headers"], b"content-encoding")
            if controls.policy.store:
                caller = admission.caller if admission is not None else None
                exchange.retrieving = retrieving(scope["headers"], wire, controls, caller, services.stores)
                controls = await exchange.retrieving.fetch(body, encoding)
            summarising = self._summarising(scope, controls, admission)
            outgoing = await prepare(body, encoding, wire, controls, services, summarising)
        if exchange.retrieving is not None:
            outgoing = await exchange.retrieving.put_beside(outgoing)
        return outgoing if admission is None else await admission.admitted(outgoing)

    async def _answered(self, asked: _Asked, outgoing: Outgoing, relay: Relay) -> bytes:
        """Ask the upstream and pass its answer on; its last piece is returned."""
        exchange, admission = asked.exchange, asked.admission
        call = self._call(asked.scope, outgoing, admission, with_passages=exchange.retrieving is not None)
        upstream = self._ending(asked, call, outgoing)
        answer, call = await self._sent(upstream, call, outgoing, exchange)
        exchange.served = served_by(answer)
        if exchange.retrieving is not None:
            capped = admission.capped if admission is not None else _as_it_is
            again = Wider(exchange.retrieving, answer, call, upstream, exchange, capped)
            answer = exchange.retrieving.checked(answer, again)
        try:
            if outgoing.own_tools and call.body is outgoing.body:
                return await self._own_calls(upstream, call, outgoing, exchange).pass_on(answer, relay)
            return await relay.pass_on(answer)
        finally:
            await answer.aclose()

    def _ending(self, asked: _Asked, call: Call, outgoing: Outgoing) -> Upstream:
        """The upstream, its answers ended past the ceiling and where they are complete."""
        upstream, exchange = self._upstream, asked.exchange
        wire, controls = asked.wire, asked.controls
        if wire is not None and controls is not None and exchange.ceiling_tokens:
            deadline_s = controls.policy.deadline_ms / 1000
            upstream = held_to_ceiling(upstream, call, wire, outgoing.original, exchange, self._services, deadline_s)
        if exchange.stopping != "off" and not outgoing.own_tools and exchange.retrieving is None:
            upstream = Completing(upstream, exchange.stopping, exchange)
        return upstream

    def _call(
        self, scope: Scope, outgoing: Outgoing, admission: Admission | None, *, with_passages: bool = False
    ) -> Call:
        headers = scope["headers"] if admission is None else admission.headers
        caller = admission.caller if admission is not None else None
        return Call(
            wire=self.name,
            method=scope["method"],
            path=target_of(scope) if admission is None else admission.target,
            headers=self._forwarded(headers, outgoing, with_passages=with_passages),
            body=outgoing.body,
            model=outgoing.model,
            stream=outgoing.stream,
            tenant=tenant_of(headers, scope["query_string"]) if caller is None else caller.apart,
            rank=_DEFAULT_RANK if admission is None else admission.rank,
            thought=None if admission is None else admission.thought,
            policy=admission.policy_name if admission is not None else "",
            allowance=admission.allowance if admission is not None else None,
        )

    def _forwarded(self, headers: Raw, outgoing: Outgoing, *, with_passages: bool) -> dict[str, str]:
        """The headers that go on. What answers from passages is given again to exactly the same passages only: who may
        read these is no question of likeness."""
        plain = outgoing.receipt is not None or with_passages
        sent = forwarded(headers, plain_answer=plain, controls=self._upstreams_own)
        if (
            with_passages
            and WISH_HEADER.encode() in self._upstreams_own
            and sent.get(WISH_HEADER, "") in ("", "semantic")
        ):
            sent[WISH_HEADER] = "exact"
        return sent

    def _controls(self, scope: Scope, defaults: Controls) -> Controls | None:
        if self._wire is None:
            return None
        services = self._services
        controls = read_controls(scope["headers"], defaults, has_policies=services.desk is not None)
        controls = controls.distrusting(services.drift.drifted)
        offers = controls.policy.recall or controls.policy.most_tools
        if controls.policy.store and controls.policy.store_check != "off":
            return controls.without_own_tools()  # an answer that is made of several is not checked
        if offers and (self.name not in registry.names("loops") or _streams_an_array(scope)):
            return controls.without_own_tools()  # nothing is offered that could not be given
        return controls

    def _summarising(self, scope: Scope, controls: Controls, admission: Admission | None) -> Summarising | None:
        """What has old results summarised, where the policy allows it."""
        if controls.policy.compaction != "summary" or controls.mode is not Mode.ON:
            return None
        call = self._call(scope, Outgoing(b"", b""), admission)
        return Summarising(call, self._upstream, controls.policy, self._services)

    def _own_calls(self, upstream: Upstream, call: Call, outgoing: Outgoing, exchange: Exchange) -> OwnCalls:
        """What answers the calls of our own tools in the answer to this call."""
        services, wire = self._services, self._wire
        assert wire is not None, "only a wire format's adapter adds tools"
        tenant = call.tenant
        if services.elided is not None and outgoing.elided:
            services.elided.put(tenant, outgoing.elided)

        def answering() -> Answering:
            stored = partial(services.elided.get, tenant) if services.elided is not None else None
            handlers = {RECALL.name: recall_handler(stored), FIND: find_handler(outgoing.left_out_tools)}
            return Answering(handlers, wire.parse(outgoing.original), counter_for(outgoing.model))

        open_loop: Callable[[frozenset[str]], Loop] = registry.load("loops", self.name)
        loop = open_loop(outgoing.own_tools)
        return OwnCalls(loop, call, upstream, answering, exchange, services)

    async def _sent(
        self, upstream: Upstream, call: Call, outgoing: Outgoing, exchange: Exchange
    ) -> tuple[Answer, Call]:
        """The answer to the reduced request, or to the original one if the upstream would not have the reduced one, and
        the call that it answers."""
        answer = await upstream.send(call)
        receipt = exchange.receipt
        if answer.status not in _REFUSED or outgoing.body == outgoing.original or receipt is None:
            return answer, call
        longer_tokens = receipt.tokens_before - receipt.tokens_after
        if call.allowance is not None and not await call.allowance.beside(longer_tokens, 0):
            return answer, call
        await answer.aclose()
        exchange.receipt = replace_struct(
            receipt,
            tokens_after=receipt.tokens_before,
            spans=tuple(span for span in receipt.spans if span.kind == "passage"),
            cache_marks=0,
            reason=f"the upstream answered {answer.status} to the reduced request, so the original was sent",
        )
        call = replace(call, body=outgoing.original)
        return await upstream.send(call), call

    def _account(self, exchange: Exchange) -> None:
        services = self._services
        if exchange.settle is not None:
            used = exchange.deciding.run(exchange.settle)
            services.metrics.admitted(used, exchange.status, exchange.first_byte_after_s, exchange.deciding.ns / 1e9)
        if exchange.retrieving is not None:
            exchange.retrieving.over()
        receipt = exchange.finished()
        services.metrics.end(self.name, exchange.mode or "none", exchange.status, receipt)
        if receipt is not None and services.recorder is not None:
            services.recorder.record(receipt)


def _as_it_is(outgoing: Outgoing) -> Outgoing:
    return outgoing


def _streams_an_array(scope: Scope) -> bool:
    """Whether the answer is a stream of Gemini's that is no event stream."""
    query: bytes = scope["query_string"]
    return scope["path"].endswith(":streamGenerateContent") and (b"alt", b"sse") not in parse_qsl(query)
