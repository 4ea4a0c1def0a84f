"""What stands between an application and its provider: takes the body of a request, gives the body that is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings


@dataclass(frozen=True, slots=True)
class Posted:
    """A body on its way to the provider.

    Attributes:
        reducers: What shortened which span, by the span's label.
    """

    body: bytes
    reducers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sender:
    """A named way of sending requests.

    Attributes:
        send: (name of the wire format, body) -> what goes out instead. Called for the turns of a conversation in order.
        begin: Called before each conversation.
        missing: Why it cannot run here, "" when it can.
    """

    name: str
    send: Callable[[str, bytes], Posted]
    begin: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    missing: str = ""


def as_sent() -> Sender:
    """Bodies as they are in the log."""
    return Sender("as sent", lambda _wire, body: Posted(body))


def sparing(policy: PolicySettings) -> Sender:
    """As the gateway would send it, in this process; with all the time it needs, so that the same log gives the same.

    `send` raises `RequestError` where the gateway would refuse.
    """

    def send(wire: str, body: bytes) -> Posted:
        reduction = reduce_body(body, registry.load("wires", wire), policy, Budget(), Mode.ON)
        return Posted(reduction.body, {span.label: span.reducer for span in reduction.receipt.spans if span.reducer})

    return Sender("sparing", send)
