"""The contract of whatever answers: a provider over HTTP, the embedded model, a fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sparing.core.usage import Usage
from sparing.errors import SparingError


@dataclass(frozen=True, slots=True)
class Thought:
    """How much whoever answers is to think.

    Attributes:
        level: ``none``, ``minimal``, ``low``, ``medium``, ``high``; ``brief`` asks for a short answer in words, of a
            model that takes no level.
        may_raise: Whether that may be more than the request itself asks for.
    """

    level: str
    may_raise: bool = False


class Allowance(Protocol):
    """What a request may take beside the one answer that was set aside for it when it was let in."""

    async def more(self, calls: int = 1, added_bytes: int = 0) -> bool:
        """Set aside further calls like its own, each longer by so much; False: a limit is reached, make none."""
        ...

    async def beside(self, input_tokens: int, output_tokens: int) -> bool:
        """Set aside a call of another size; False likewise."""
        ...

    def why(self) -> SparingError:
        """What stood against the newest call that was not to be made."""
        ...

    def used(self, spent: Spent) -> None:
        """Count what no answer will tell of."""
        ...

    def lost(self) -> None:
        """Count the prompt of a call that was given up: what became of it nobody says."""
        ...


async def may_ask(call: Call, calls: int = 1, *, added_bytes: int = 0) -> bool:
    """Whether further calls beside this one may be made, which are then set aside (`Allowance.more`)."""
    return call.allowance is None or await call.allowance.more(calls, added_bytes)


def lost(call: Call) -> None:
    """A call beside this one was given up."""
    if call.allowance is not None:
        call.allowance.lost()


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a model's server.

    Attributes:
        wire: Wire format of `body`.
        path: HTTP path with the query string, for example ``/v1/chat/completions``.
        headers: Lower-case names; hop-by-hop headers already removed.
        tenant: Whose call this is, as a digest of the key that it came with; nothing is ever shared between two.
        rank: Who goes first where calls have to wait; smaller is sooner.
        thought: How much to think; None as the body says. Each upstream has a field of its own for it.
        policy: Name of the policy that it is under; "" if none. What is learned of one says nothing of another.
        allowance: What else may be asked for it; None: as much as it takes.
    """

    wire: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    model: str = ""
    stream: bool = False
    tenant: str = ""
    rank: int = 100
    thought: Thought | None = None
    policy: str = ""
    allowance: Allowance | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Spent:
    """What an answer cost that nobody was shown.

    Attributes:
        provider: As in `Served`.
        usage: As that upstream reported it.
    """

    model: str
    provider: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Served:
    """Who gave an answer, and after what.

    Attributes:
        tier: Name of the tier; "" where there are none.
        model: Asked for in place of the caller's; "" where that stayed.
        provider: Who is paid, as the price table calls it; "" if unknown.
        tries: Calls that were made for this answer, itself included.
        spent: Answers that were judged not good enough, and those that judged.
        thought: Level of thought that was asked for in place of the body's; "" where none was, or it was not taken.
        draft: What became of a weak answer that the strong model was shown: ``kept`` or ``replaced``; "" if none was.
    """

    tier: str = ""
    model: str = ""
    provider: str = ""
    tries: int = 1
    spent: tuple[Spent, ...] = ()
    thought: str = ""
    draft: str = ""


_NOBODY = Served()


def served_by(answer: Answer) -> Served:
    """What an answer says of who gave it: its attribute `served`, if it has one."""
    served = getattr(answer, "served", None)
    return served if isinstance(served, Served) else _NOBODY


class Answer(Protocol):
    """An answer that has begun. `chunks` yields bytes as they arrive; closing it early cancels the upstream.

    It may be closed more than once.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Raises `UpstreamUnreachable` when the upstream stops half way, `UpstreamTimeout` when it falls silent."""
        ...

    async def aclose(self) -> None: ...


class Upstream(Protocol):
    """Answers calls.

    One that reads ``x-sparing-`` headers itself names them in an attribute `control_headers` (lower-case bytes); to all
    others they are not sent.
    """

    async def send(self, call: Call) -> Answer:
        """Start a call; returns once status and headers are known.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: Before any answer.
            ModelMissing: The embedded model is not installed.
        """
        ...

    async def aclose(self) -> None: ...
