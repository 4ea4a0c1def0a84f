"""The embedded model: llama.cpp inside this process (xllamacpp), speaking OpenAI's and Anthropic's wire formats."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparing.core.upstream import Answer, Call
from sparing.errors import ModelMissing
from sparing.generate.upstream import HttpUpstream
from sparing.generate.weights import locate
from sparing.settings.tree import LocalSettings

_PARALLEL = 1  # one slot: a small machine answers one request at a time soonest
_IDLE_S = 600.0  # prefill of a long prompt on a small machine is a long silence


class LocalUpstream:
    """Loads the model at the first call and answers on this machine. Implements `core.upstream.Upstream`.

    Args:
        settings: Which model, how much context, how many threads.
        folder: Where pulled weights lie.
    """

    def __init__(self, settings: LocalSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._loading = asyncio.Lock()
        self._server: Any = None
        self._http: HttpUpstream | None = None
        self._key = secrets.token_hex(16)  # so that no other process of this machine uses the port

    async def send(self, call: Call) -> Answer:
        http = await self._ready()
        return await http.send(replace(call, headers=self._own_key(call.headers)))

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        servers = [self._server]
        self._server = self._http = None
        await asyncio.to_thread(servers.clear)  # freeing the engine waits for its threads

    async def _ready(self) -> HttpUpstream:
        async with self._loading:
            if self._http is None:
                self._server = await asyncio.to_thread(self._load)
                self._http = HttpUpstream(self._server.listening_address, provider="local", idle_timeout_s=_IDLE_S)
            return self._http

    def _load(self) -> Any:
        """Start llama.cpp. Raises `ModelMissing` when the engine or the weights are not here."""
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelMissing("the embedded engine is not installed", hint="pip install 'sparing[local]'") from error
        params = xllamacpp.CommonParams()
        params.model.path = str(locate(self._settings.model, self._folder))
        params.model_alias = {self._settings.model}
        params.n_ctx = self._settings.context_tokens
        params.n_parallel = _PARALLEL
        params.warmup = False
        params.port = 0  # a free one, on the loopback address
        params.api_keys = [self._key]
        params.sampling.temp = 0.0
        params.verbosity = -1
        params.ui = False
        params.cache_ram_mib = 0
        if self._settings.threads:
            params.cpuparams.n_threads = self._settings.threads
        return xllamacpp.Server(params)

    def _own_key(self, headers: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name not in ("authorization", "x-api-key")}
        return {**kept, "authorization": f"Bearer {self._key}"}
