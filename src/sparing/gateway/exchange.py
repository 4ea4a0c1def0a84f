"""The account of one request, filled in on its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sparing.core.budget import Mode
from sparing.core.receipt import Receipt
from sparing.core.upstream import Answer, Served
from sparing.core.usage import Usage
from sparing.finish.tighten import Tightened
from sparing.gateway.headers import safe
from sparing.gateway.stopwatch import Stopwatch
from sparing.record.metrics import Admitted
from sparing.settings.policies import Overrun

if TYPE_CHECKING:
    from sparing.gateway.retrieving import Retrieving
    from sparing.settings.policies import Stopping

_GIVEN_AGAIN = ("hit", "similar", "shared")
_NOTHING = Usage(0, 0, 0, (), 0)
_UNKNOWN, _NOBODY = Usage(), Served()


@dataclass(slots=True)
class Exchange:
    """What is known about a request so far.

    Attributes:
        mode: None until the caller's headers have been read.
        receipt: As the pipeline wrote it; None when nothing was measured.
        reason: Why nothing was reduced, where there is no receipt to say so.
        provider: Who is paid for the answer; "" if unknown.
        served: Who gave it, where that is not always the same.
        cache: Where the newest answer is from, as the cache told (`generate.cache.upstream`); "" without one.
        policy: Name of the policy that it came under; "" if none.
        tenant: Whose it is, by name; "" where no tenants are configured.
        decided: What was decided of it (`deciding`); "" if nothing was.
        eased: What was made smaller because a limit was near, and which; "" if nothing was.
        retrieving: Its passages; None if it names no store.
        ceiling_tokens: Past which its answer is too long; 0 for none. `overrun` is what becomes of it then.
        tightened: What became of an answer that was too long and not ended at once; None if there was none.
        full_answer: What all of that answer is kept under; "" if it is not.
        stopping: When it ends because it is complete.
        stopped: That it ended, why, and after how much; "" if it came to its own end.
        limits: Headers that say how full the caller's limits are, as its provider's own would.
        num_events: Of the answer, where it is a stream.
        sent_s: When it was sent on, on the clock of `time.perf_counter`; 0 before. Likewise `ended_s`.
        deciding: CPU of letting it in: whose it is, what is decided of it, its quota, settled.
        settle: Called once it is over, by whoever let it in; says what it used. None where nobody had to.
    """

    wire: str
    provider: str = ""
    mode: Mode | None = None
    receipt: Receipt | None = None
    reason: str = ""
    status: int = 0
    error: str = ""
    usage: Usage = _UNKNOWN
    served: Served = _NOBODY
    recalled_tokens: int = 0
    extra_turns: int = 0
    cache: str = ""
    policy: str = ""
    tenant: str = ""
    decided: str = ""
    eased: str = ""
    retrieving: Retrieving | None = None
    ceiling_tokens: int = 0
    overrun: Overrun = "stop"
    tighten_with: str = ""
    stopping: Stopping = "off"
    stopped: str = ""
    tightened: Tightened | None = None
    full_answer: str = ""
    limits: list[tuple[bytes, bytes]] = field(default_factory=list)
    num_events: int = 0
    settle: Callable[[], Admitted] | None = None
    deciding: Stopwatch = field(default_factory=Stopwatch)
    started_s: float = field(default_factory=time.perf_counter)
    first_byte_s: float = 0.0
    sent_s: float = 0.0
    ended_s: float = 0.0

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the answer says about itself."""
        told = [*self.limits, *self._decisions()]
        if self.mode is None:
            return told
        told.append((b"x-sparing-mode", self.mode.encode()))
        receipt = self.receipt
        if receipt is not None:
            told.append((b"x-sparing-tokens-before", b"%d" % receipt.tokens_before))
            told.append((b"x-sparing-tokens-after", b"%d" % receipt.tokens_after))
            told.append((b"x-sparing-receipt", receipt.id.encode()))
            if receipt.risk:
                told += _risk(receipt)
            if receipt.cache_marks:
                told.append((b"x-sparing-cache-marks", b"%d" % receipt.cache_marks))
        if self.served.tier:
            told.append((b"x-sparing-tier", self.served.tier.encode()))
            told.append((b"x-sparing-tries", b"%d" % self.served.tries))
        if self.served.thought:
            told.append((b"x-sparing-depth", self.served.thought.encode()))
        if self.served.draft:
            told.append((b"x-sparing-draft", self.served.draft.encode()))
        reason = receipt.reason if receipt is not None else self.reason
        if reason:
            told.append((b"x-sparing-reason", safe(reason)))
        return told

    def _decisions(self) -> Iterator[tuple[bytes, bytes]]:
        """What was decided of it, beside what it is reduced to."""
        passages = self.retrieving
        said = (
            (b"x-sparing-policy", self.policy),
            (b"x-sparing-decision", self.decided),
            (b"x-sparing-eased", self.eased),
            (b"x-sparing-retrieved", passages.told if passages is not None else ""),
            (b"x-sparing-checked", passages.checks if passages is not None else ""),
            (b"x-sparing-ceiling", str(self.ceiling_tokens or "")),
            (b"x-sparing-stopped", self.stopped),  # of a stream only the receipt can tell; likewise the next two
            (b"x-sparing-answer", answer_told(self.tightened)),
            (b"x-sparing-full-answer", self.full_answer),
        )
        return ((name, safe(text)) for name, text in said if text)

    def used(self, usage: Usage, answer: Answer) -> None:
        """Note what one answer cost, beside those before it: nothing, where a cache gave it."""
        self.cache = answer.headers.get("x-sparing-cache", "")
        if self.cache in _GIVEN_AGAIN:
            usage = _NOTHING
        self.usage = usage if self.usage == _UNKNOWN else self.usage.plus(usage)

    def failed(self, error: str, status: int) -> None:
        """Note what went wrong; the status stays what the caller was told, if it was told one."""
        self.error = error
        self.status = self.status or status

    @property
    def first_byte_after_s(self) -> float:
        """Time to the first byte of the answer; 0 if there was none."""
        return self.first_byte_s - self.started_s if self.first_byte_s else 0.0

    def finished(self) -> Receipt | None:
        """The receipt with how it ended."""
        if self.receipt is None:
            return None
        now_s = time.perf_counter()
        return replace(
            self.receipt,
            status=self.status,
            usage_input_tokens=self.usage.input_tokens,
            usage_output_tokens=self.usage.output_tokens,
            usage_cache_read_tokens=self.usage.cache_read_tokens,
            usage_cache_writes=self.usage.cache_writes,
            usage_reasoning_tokens=self.usage.reasoning_tokens,
            first_byte_ms=round(self.first_byte_after_s * 1000, 3),
            total_ms=round((now_s - self.started_s) * 1000, 3),
            error=self.error,
            recalled_tokens=self.recalled_tokens,
            extra_turns=self.extra_turns,
            provider=self.served.provider if self.served.tier else self.provider,
            model=self.served.model or self.receipt.model,
            tier=self.served.tier,
            tries=self.served.tries,
            spent=self.served.spent,
            cache=self.cache,
            policy=self.policy,
            tenant=self.tenant,
            eased=self.eased,
            decided=self.decided,
            depth=self.served.thought,
            claims=self.retrieving.line.claims if self.retrieving is not None else -1,
            unsupported=self.retrieving.line.unsupported if self.retrieving is not None else 0,
            stopped=self.stopped,
            overrun=_overrun(self.tightened),
            said_tokens=self.tightened.tokens_before if self.tightened is not None else 0,
            shown_tokens=self.tightened.tokens_after if self.tightened is not None else 0,
            full_answer=self.full_answer,
        )


def answer_told(result: Tightened | None) -> str:
    """What became of an answer, for its header: ``tightened, 812 -> 298 tokens``."""
    if result is None:
        return ""
    change = f"{result.tokens_before} -> {result.tokens_after}" if result.how != "left" else str(result.tokens_before)
    return f"{result.how}, {change} tokens{f': {result.reason}' if result.reason else ''}"


def _overrun(result: Tightened | None) -> str:
    if result is None:
        return ""
    return f"{result.how}: {result.reason}" if result.reason else result.how


def _risk(receipt: Receipt) -> list[tuple[bytes, bytes]]:
    """What is expected to be lost, where a risk was asked for."""
    loss = b"unknown" if receipt.expected_loss < 0 else f"{receipt.expected_loss:.4f}".encode()
    told = [(b"x-sparing-expected-loss", loss)]
    if receipt.grown_tokens:
        told.append((b"x-sparing-budget-grown", b"%d" % receipt.grown_tokens))
    if receipt.drifted:
        told.append((b"x-sparing-drifted", ", ".join(receipt.drifted).encode()))
    return told
