"""What is compared on recorded traffic: Sparing, simple ways of forgetting, and peers that are installed elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

import msgspec

from sparing.errors import SettingsError
from sparing.evals.peers import PEERS, PeerError, Worker, find_worker
from sparing.evals.traffic.bodies import encode
from sparing.evals.traffic.sender import Posted, Sender, sparing
from sparing.settings import PolicySettings

_KEPT_RESULTS = 3
_MASK = "[left out]"
SIMPLE = ("masked", "no_results")


def find_senders(names: Sequence[str], policy: PolicySettings) -> list[Recorder]:
    """Senders by name, each once; ``peers`` stands for all peers.

    Raises:
        SettingsError: An unknown name; lists the known.
    """
    wanted: list[str] = []
    for name in names:
        wanted.extend(PEERS if name == "peers" else [name])
    return [_find(name, policy) for name in dict.fromkeys(wanted)]


def tried(effort: str) -> PolicySettings:
    """The policy of an effort; "" is the default one.

    Raises:
        SettingsError: There is no such effort.
    """
    if effort not in ("", "safe", "balanced", "max"):
        raise SettingsError(f"{effort!r} is no effort", hint="safe, balanced or max after the colon")
    return msgspec.convert({"effort": effort or "balanced"}, PolicySettings)


def not_run(senders: Sequence[Recorder]) -> list[str]:
    """Sentences for a report: what could not run, and what failed on the way."""
    missing = [f"{one.name}: not run, {one.missing}." for one in senders if one.missing]
    failed = [one for one in senders if one.errors]
    return missing + [
        f"{one.name}: {len(one.errors)} of {one.requests} requests went out as they were, first: {one.errors[0]}"
        for one in failed
    ]


class Recorder:
    """A sender that remembers what it sent for which body: the same traffic is priced in several ways.

    Attributes:
        cpu_s: CPU seconds that it used for what is remembered.
        requests: Number of bodies that are remembered.
        errors: What it raised; the request then goes out as it is.
        own_form_only: Whether it takes OpenAI's form only.
    """

    def __init__(
        self, sender: Sender, clock: Callable[[], float] = time.process_time, *, own_form_only: bool = False
    ) -> None:
        self.name = sender.name
        self.missing = sender.missing
        self.cpu_s = 0.0
        self.errors: list[str] = []
        self.own_form_only = own_form_only
        self._sender = sender
        self._clock = clock
        self._known: dict[tuple[str, bytes], Posted] = {}

    @property
    def requests(self) -> int:
        return len(self._known)

    def send(self, wire: str, body: bytes) -> Posted:
        key = (wire, body)
        if key not in self._known:
            started = self._clock()
            try:
                self._known[key] = self._sender.send(wire, body)
            except PeerError as error:
                self.errors.append(str(error))
                self._known[key] = Posted(body)
            self.cpu_s += self._clock() - started
        return self._known[key]

    def as_sender(self) -> Sender:
        return Sender(self.name, self.send)

    def close(self) -> None:
        self._sender.close()


def _find(name: str, policy: PolicySettings) -> Recorder:
    if name == "sparing":
        return Recorder(sparing(policy))
    if name in SIMPLE:
        return Recorder(_without_results(name, _KEPT_RESULTS if name == "masked" else 0), own_form_only=True)
    if name in PEERS:
        return _peer(name)
    raise SettingsError(f"nothing that sends is called {name!r}", hint=f"known: {', '.join((*_OURS, *PEERS))}, peers")


_OURS = ("sparing", *SIMPLE)


def _without_results(name: str, kept: int) -> Sender:
    """All tool results but the newest `kept` are left out; with none kept, the most that reducing them can save."""

    def send(_wire: str, body: bytes) -> Posted:
        request = json.loads(body)
        results = [message for message in request["messages"] if message["role"] == "tool"]
        for message in results[: len(results) - kept]:
            message["content"] = _MASK if kept else ""
        return Posted(encode(request))

    return Sender(name, send)


def _peer(name: str) -> Recorder:
    worker, missing = find_worker(name)
    if worker is None:
        return Recorder(Sender(name, lambda _wire, body: Posted(body), missing=missing))
    running: Worker = worker

    def send(_wire: str, body: bytes) -> Posted:
        converted = running.convert(json.loads(body))
        if not isinstance(converted, dict):
            raise PeerError("gave something else than a request")
        return Posted(encode(converted))

    return Recorder(Sender(name, send, close=running.close), lambda: running.cpu_s)
