"""The PyTorch engine as an upstream: requests in, answers out, no socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sparing.core.upstream import Answer, Call
from sparing.errors import RequestError, SettingsError
from sparing.generate.torch_engine.names import score_names
from sparing.generate.weights import locate
from sparing.settings.tree import LocalSettings

if TYPE_CHECKING:  # importing PyTorch takes seconds: the first call does
    from sparing.generate.torch_engine.chat import ChatRequest
    from sparing.generate.torch_engine.job import Event, Job
    from sparing.generate.torch_engine.model import Loaded
    from sparing.generate.torch_engine.worker import Worker

_SERVED = (("GET", "/v1/models"), ("POST", "/v1/chat/completions"))


class NotServed(RequestError):
    """The embedded model does not answer this path."""

    status_code = 404


class TorchUpstream:
    """Loads the model at the first call and answers on this machine. Implements `core.upstream.Upstream`.

    Args:
        settings: Which model, how much context, how many cache bytes, which policy unless a request says otherwise.
        folder: Where pulled weights lie.
        load: Gives the model; default: that of the settings.
    Raises:
        SettingsError: PyTorch or Transformers is not installed, or no scorer has the name in the settings.
    """

    control_headers = frozenset((b"x-sparing-kv-policy", b"x-sparing-kv-budget"))

    def __init__(self, settings: LocalSettings, folder: Path, load: Callable[[], Loaded] | None = None) -> None:
        missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
        if missing:
            raise SettingsError(f"{missing[0]} is not installed", hint="pip install 'sparing[torch]'")
        if settings.kv_policy not in score_names():
            raise SettingsError(f"local.kv_policy is {settings.kv_policy!r}", hint=f"one of {', '.join(score_names())}")
        self._settings = settings
        self._load = load or partial(_load, settings, folder)
        self._loading = asyncio.Lock()
        self._loaded: Loaded | None = None
        self.worker: Worker | None = None

    async def send(self, call: Call) -> Answer:
        """Returns when the prompt was read.

        Raises:
            RequestError: The request cannot be used, or can never fit.
            UpstreamError: 429, too many requests wait already.
            ModelMissing, ModelUnsupported: There is no model, or none that the engine can run.
        """
        path = call.path.partition("?")[0]
        if (call.method, path) not in _SERVED:
            served = ", ".join(f"{method} {at}" for method, at in _SERVED)
            raise NotServed(f"the PyTorch engine does not answer {call.method} {path}", hint=f"it has {served}")
        if call.headers.get("content-encoding", "identity") != "identity":
            raise RequestError("the body is compressed", hint="send it as it is")
        loaded, worker = await self._ready()
        from sparing.generate.torch_engine.answer import ChatInProgress, Mailbox, WholeAnswer
        from sparing.generate.torch_engine.chat import ChatAnswer, read_chat
        from sparing.generate.torch_engine.job import Began

        if call.method == "GET":
            return WholeAnswer(_models(self._settings.model))
        request, mailbox = read_chat(call.body), Mailbox()
        job = await asyncio.to_thread(self._job, request, call, loaded, mailbox.tell)
        worker.submit(job)
        try:
            began = await mailbox.take()
        except BaseException:
            job.cancelled.set()
            raise
        assert isinstance(began, Began)
        usage = request.stream_options is not None and request.stream_options.include_usage
        chat = ChatAnswer(self._settings.model)
        return ChatInProgress(mailbox, began, chat, bool(request.stream), usage, job.cancelled)

    async def aclose(self) -> None:
        worker, self.worker, self._loaded = self.worker, None, None
        if worker is not None:
            await asyncio.to_thread(worker.close)

    async def _ready(self) -> tuple[Loaded, Worker]:
        async with self._loading:
            if self._loaded is None or self.worker is None:
                loaded, worker = await asyncio.to_thread(self._start)
                self._loaded, self.worker = loaded, worker
            return self._loaded, self.worker

    def _start(self) -> tuple[Loaded, Worker]:
        from sparing.generate.torch_engine.worker import Worker

        loaded = self._load()
        return loaded, Worker(loaded, self._settings.kv_bytes)

    def _job(self, request: ChatRequest, call: Call, loaded: Loaded, tell: Callable[[Event], None]) -> Job:
        """All that is known before anything runs. Raises RequestError."""
        from sparing.generate.torch_engine.admission import Limits, need
        from sparing.generate.torch_engine.job import Job
        from sparing.generate.torch_engine.policy import read_policy
        from sparing.generate.torch_engine.sampling import Sampling

        settings = self._settings
        policy = read_policy(call.headers, settings)
        prompt = loaded.encode(request.messages)
        limits = Limits(settings.kv_bytes, settings.context_tokens, loaded.token_bytes, loaded.exact_token_bytes)
        needed = need(limits, policy, len(prompt), request.answer_tokens)
        sampling = Sampling(request.temperature or 0.0, 1.0 if request.top_p is None else request.top_p, request.seed)
        return Job(prompt, policy, needed, sampling, request.stops, tell, threading.Event())


def _load(settings: LocalSettings, folder: Path) -> Loaded:
    path = locate(settings.model, folder)
    from sparing.generate.torch_engine.model import load

    if settings.threads:
        import torch

        torch.set_num_threads(settings.threads)
    return load(path, settings.kv_storage)


def _models(name: str) -> bytes:
    model = {"id": name, "object": "model", "created": 0, "owned_by": "sparing"}
    return msgspec.json.encode({"object": "list", "data": [model]})
