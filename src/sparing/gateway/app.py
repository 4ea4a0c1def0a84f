"""The ASGI application: which path goes where."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sparing import registry
from sparing.core.budget import Mode
from sparing.core.upstream import Upstream
from sparing.core.wire import Wire
from sparing.errors import SparingError
from sparing.gateway import feedback
from sparing.gateway.caches import watch_caches
from sparing.gateway.controls import Controls
from sparing.gateway.counts import Counts
from sparing.gateway.deciding import Decider
from sparing.gateway.desk import Desk, is_needed
from sparing.gateway.error_bodies import MethodNotAllowed, NoSuchPath, error_answer
from sparing.gateway.headers import Raw, get
from sparing.gateway.later import Later
from sparing.gateway.openapi import describe
from sparing.gateway.proxy import Proxy
from sparing.gateway.services import Elided, Recorder, Reduce, Services
from sparing.gateway.stores import Stores
from sparing.gateway.upstreams import embedded_wires, how_to_serve, sellers
from sparing.guard.drift import DriftWatch
from sparing.pipeline import reduce_body
from sparing.plan.calibration import read_calibration
from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.store import QuotaStore
from sparing.prices.lookup import prices_for
from sparing.record.metrics import CONTENT_TYPE, Metrics
from sparing.record.summaries import MemorySummaries, SummaryStore
from sparing.record.writer import RetrievalWriter
from sparing.settings import Settings

_OPENAI, _RESPONSES, _ANTHROPIC, _GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"
# Where the providers keep their APIs; Vertex AI says v1beta1, uploads of files to Gemini come before the version.
_APIS = ("/v1/", "/v1beta/", "/v1alpha/", "/v1beta1/", "/upload/")
_GEMINI_VERBS = (":generateContent", ":streamGenerateContent", ":countTokens", ":embedContent")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REDUCING_THREADS = min(4, os.cpu_count() or 1)


def create_app(
    *,
    settings: Settings,
    upstreams: Mapping[str, Upstream],
    reduce: Reduce = reduce_body,
    recorder: Recorder | None = None,
    elided: Elided | None = None,
    summaries: SummaryStore | None = None,
    wires: Mapping[str, Wire] | None = None,
    quota: QuotaStore | None = None,
) -> ASGIApp:
    """The gateway.

    Args:
        upstreams: Wire format to who answers it; several may share one. Closed with the application.
        recorder: Started and closed with the application; None keeps no receipts.
        elided: Likewise; None keeps nothing of what is left out.
        summaries: What models wrote about old results; None keeps them in memory.
        wires: Wire formats to reduce; default: every registered one that has an upstream.
        quota: Counts what tenants and policies use, where any are configured; None: in this process. Closed with the
            application.
    """
    if wires is None:
        wires = {name: registry.load("wires", name) for name in registry.names("wires") if name in upstreams}
    prices_for("any", file=settings.policy.prices_file)  # a file that cannot be used is refused here, not on a request
    metrics = Metrics()
    services = Services(
        defaults=Controls(Mode(settings.policy.mode), settings.policy),
        max_body_bytes=settings.gateway.max_body_bytes,
        reduce=reduce,
        metrics=metrics,
        drift=DriftWatch(read_calibration(settings.policy.calibration_file)),
        pool=ThreadPoolExecutor(_REDUCING_THREADS, thread_name_prefix="sparing-reduce"),
        recorder=recorder,
        elided=elided,
        summaries=summaries if summaries is not None else MemorySummaries(),
        sellers=sellers(settings),
        desk=_desk(settings, quota) if is_needed(settings) else None,
        stores=Stores(settings, metrics.retrieved) if settings.stores else None,
    )
    return Gateway(services, upstreams, wires)


def _desk(settings: Settings, quota: QuotaStore | None) -> Desk:
    decider = Decider(settings, embedded_wires(settings), Later()) if settings.tiers else None
    return Desk(settings, Counts(MemoryQuota() if quota is None else quota), sellers(settings), decider)


class Gateway:
    """Sends each request to who serves it.

    Requests to a model go straight to a `Proxy`, past everything a framework would do for them; the few paths of our
    own are plain Starlette.
    """

    def __init__(self, services: Services, upstreams: Mapping[str, Upstream], wires: Mapping[str, Wire]) -> None:
        self._services = services
        self._upstreams = upstreams
        self._wires = wires
        self._passed = {name: Proxy(name, None, upstream, services) for name, upstream in upstreams.items()}
        self._own = Starlette(
            routes=[
                Route("/healthz", _healthz),
                Route("/metrics", self._metrics),
                Route("/openapi.json", self._openapi),
                Route(feedback.PATH, self._feedback, methods=["POST"]),
            ],
            exception_handlers={404: _not_found, 405: _not_allowed},
            lifespan=self._lifespan,
        )
        services.metrics.watch_gauges(
            "sparing_drift_stability",
            "Population stability index of texts with a risk: above 0.25 they are another population.",
            "content",
            services.drift.stability,
        )
        if services.recorder is not None:
            _watch(services.metrics, services.recorder, "receipts", "Receipts")
        if services.elided is not None:
            _watch(services.metrics, services.elided, "elided", "Texts left out")
        if services.stores is not None and services.stores.writer is not None:
            _watch(services.metrics, services.stores.writer, "retrievals", "Retrievals")
        watch_caches(services.metrics, upstreams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_APIS):
            await self._own(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        app = self._reduced(path) if method == "POST" and ".." not in path else None
        await (app or self._elsewhere(path, method, scope["headers"]))(scope, receive, send)

    def _reduced(self, path: str) -> ASGIApp | None:
        """Who answers a path whose requests are reduced."""
        for name, wire in self._wires.items():
            wire_here = wire.at(path)
            if wire_here is not None:
                return Proxy(name, wire_here, self._upstreams[name], self._services)
        return None

    def _elsewhere(self, path: str, method: str, headers: Raw) -> ASGIApp:
        """Who answers a path that is not reduced."""
        wire = wire_of(path, headers)
        if method not in _METHODS:
            return _refusal(MethodNotAllowed(f"{method} is not served"), wire)
        # A path that climbs could reach what the upstream serves beside its API, with the key we hold.
        if ".." in path.split("/"):
            return _refusal(NoSuchPath(f"nothing is served at {path}"), wire)
        if wire not in self._passed:
            error = NoSuchPath(f"no upstream answers {wire}, so nothing is served at {path}", hint=how_to_serve(wire))
            return _refusal(error, wire)
        return self._passed[wire]

    async def _metrics(self, _request: Request) -> Response:
        return Response(self._services.metrics.exposition(), headers={"content-type": CONTENT_TYPE})

    async def _feedback(self, request: Request) -> Response:
        try:
            return await feedback.take_feedback(request, self._services)
        except SparingError as error:
            return _response(error)

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(describe(tuple(self._upstreams), has_stores=self._services.stores is not None))

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        stores = self._services.stores
        writer = stores.writer if stores is not None else None
        keepers = [one for one in (self._services.recorder, self._services.elided, writer) if one is not None]
        for keeper in keepers:
            keeper.start()
        if stores is not None:
            stores.warm()
        try:
            yield
        finally:
            for upstream in {id(upstream): upstream for upstream in self._upstreams.values()}.values():
                await upstream.aclose()
            self._services.pool.shutdown(wait=False, cancel_futures=True)
            for keeper in keepers:
                await asyncio.to_thread(keeper.close)
            if self._services.desk is not None:
                await asyncio.to_thread(self._services.desk.counts.close)
            if stores is not None:
                await asyncio.to_thread(stores.close)


def wire_of(path: str, headers: Raw) -> str:
    """The wire format that the path of an API belongs to.

    All providers have ``/v1/models`` or ``/v1/files``; Anthropic's clients always name their version, Gemini's have a
    header of their own for the key.
    """
    if path == "/v1/messages" or path.startswith("/v1/messages/") or get(headers, b"anthropic-version"):
        return _ANTHROPIC
    if not path.startswith("/v1/") or path.endswith(_GEMINI_VERBS) or get(headers, b"x-goog-api-key"):
        return _GEMINI
    if path == "/v1/responses" or path.startswith("/v1/responses/"):
        return _RESPONSES
    return _OPENAI


def _watch(metrics: Metrics, keeper: Recorder | Elided | RetrievalWriter, name: str, what: str) -> None:
    metrics.watch_counter(f"sparing_{name}_dropped", f"{what} that came too fast.", lambda: keeper.dropped)
    metrics.watch_counter(f"sparing_{name}_failed", f"{what} that the disk would not take.", lambda: keeper.failed)


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _not_found(request: Request, _error: Exception) -> Response:
    return _response(
        NoSuchPath(
            f"nothing is served at {request.url.path}",
            hint="OpenAI clients want a base URL that ends in /v1, those of the other providers one that does not",
        )
    )


async def _not_allowed(request: Request, _error: Exception) -> Response:
    return _response(MethodNotAllowed(f"{request.method} is not served at {request.url.path}"), {"allow": "GET, HEAD"})


def _response(error: Exception, headers: Mapping[str, str] = {}) -> Response:
    told = error_answer(error, _OPENAI)
    return Response(told.body, told.status, headers=headers, media_type="application/json")


def _refusal(error: Exception, wire: str) -> ASGIApp:
    told = error_answer(error, wire)
    allow = {"allow": ", ".join(_METHODS)} if told.status == 405 else {}
    return Response(told.body, told.status, headers=allow, media_type="application/json")
