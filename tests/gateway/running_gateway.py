"""A gateway under uvicorn on a loopback port, in front of a scripted provider."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from scripted_upstream import ScriptedUpstream

from sparing.core.receipt import Receipt
from sparing.core.upstream import Upstream
from sparing.gateway.app import create_app
from sparing.gateway.serve import GatewayServer, listen
from sparing.generate.upstream import HttpUpstream
from sparing.settings import GatewaySettings, Settings, load_settings

_PATIENT_MS = 60_000
ALL = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
_KEY_HEADERS = {"anthropic.messages": "x-api-key", "gemini": "x-goog-api-key"}


@dataclass
class MemoryRecorder:
    """Keeps receipts where a test can see them."""

    dropped: int = 0
    failed: int = 0
    receipts: list[Receipt] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None: ...

    def close(self) -> None: ...

    def record(self, receipt: Receipt) -> None:
        with self.arrived:
            self.receipts.append(receipt)
            self.arrived.notify_all()

    def wait_for(self, num: int) -> list[Receipt]:
        """The receipts, once there are `num` of them: they are written after the caller has its answer."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.receipts) >= num, 10), f"{len(self.receipts)} of {num} came"
        return self.receipts


@dataclass
class RunningGateway:
    url: str
    recorder: MemoryRecorder
    server: GatewayServer
    thread: threading.Thread

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive(), "the gateway did not stop"


def run_gateway(
    provider: ScriptedUpstream,
    *,
    policy: Mapping[str, Any] = {},
    max_body_bytes: int = 8_000_000,
    upstreams: dict[str, Upstream] | None = None,
    idle_timeout_s: float = 20.0,
    key: str = "",
    toml: str = "",
    **options: Any,
) -> RunningGateway:
    """Start a gateway. What is not given: the real pipeline, every wire format, the scripted provider, and so much time
    for a reduction that no busy machine changes what is sent.

    Args:
        policy: Also what the named policies of `toml` do not set.
        toml: A settings file, for the tables that only a file has.
    """
    limits = GatewaySettings(port=0, max_body_bytes=max_body_bytes)
    settings = replace(_settings_of(toml, {"deadline_ms": _PATIENT_MS, **policy}), gateway=limits)
    if upstreams is None:
        upstreams = {
            wire: HttpUpstream(
                provider.url,
                key=key,
                key_header=_KEY_HEADERS.get(wire, "authorization"),
                idle_timeout_s=idle_timeout_s,
            )
            for wire in ALL
        }
    memory = MemoryRecorder()
    app = create_app(settings=settings, upstreams=upstreams, **{"recorder": memory, **options})
    listener = listen(settings.gateway)
    urls: list[str] = []
    ready = threading.Event()
    server = GatewayServer(app, settings.gateway, lambda url: (urls.append(url), ready.set())[0])
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert ready.wait(20), "the gateway did not start"
    return RunningGateway(urls[0], memory, server, thread)


def _settings_of(toml: str, policy: Mapping[str, Any]) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sparing.toml"
        file.write_text(toml)
        return load_settings(file, {}, {f"policy.{key}": value for key, value in policy.items()})
