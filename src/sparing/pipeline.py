"""The way of a request: receive -> plan -> reduce -> guard (-> generate -> finish -> record, at the surfaces).

This is the file to read first. `reduce_body` is what every surface calls before a request goes out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial

from sparing.core.budget import Budget, Mode
from sparing.core.counter import Counter
from sparing.core.receipt import Receipt
from sparing.core.reducer import Ask
from sparing.core.span import Edit, Patch, Prompt, Tool
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded
from sparing.fold import fold
from sparing.guard.structure import same_shape
from sparing.handles import is_lossy, with_handle
from sparing.offer import Offer, offer, with_priors
from sparing.own_tools import RECALL, own_tools, without_tools
from sparing.plan.effort import TARGETS
from sparing.plan.zones import Piece, find_pieces
from sparing.receipts import receipt_id, span_receipts
from sparing.reducers.sniff import sniff
from sparing.settings import PolicySettings
from sparing.settle import Settlement
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for
from sparing.tokens.overhead import overhead_tokens

_COUNTED_CHARS = 8_000_000  # about two million tokens: beyond every model's context
_TIGHTEN = 3  # times the plan is tightened when the whole counts a little more than its parts


@dataclass(frozen=True, slots=True)
class Reduction:
    """A request as it may go out.

    Attributes:
        body: The bytes to send: the very bytes that came when nothing was reduced or the mode is `audit`.
        receipt: What was done; `receipt.reason` says why when nothing was.
        own_tools: Names of the tools of ours that `body` offers; whoever sends it has to answer calls of them.
        elided: The texts that `body` holds less than all of, where one of these tools gives the rest.
    """

    body: bytes
    receipt: Receipt
    model: str
    stream: bool
    own_tools: tuple[str, ...] = ()
    elided: tuple[str, ...] = ()


def reduce_body(body: bytes, wire: Wire, policy: PolicySettings, budget: Budget, mode: Mode) -> Reduction:
    """The first four verbs. Pure and CPU-bound; call it off the event loop for big bodies.

    Raises:
        MalformedBody: The body is not of this wire format.
        BudgetExceeded: The budget is smaller than what may not be reduced.
    """
    watch = Watch()
    prompt = wire.parse(body)
    watch.lap("receive")
    counter = _counter(prompt)
    before = prompt_tokens(prompt, counter)
    pieces = find_pieces(prompt, (*policy.exempt_tools, RECALL.name))  # what was asked for is not shortened again
    offered = _offered(prompt, wire, before, counter, policy, mode)
    reason = _reason_to_leave(pieces, offered.tokens, policy, budget, mode)
    if reason and budget.input_tokens is not None and offered.tokens > budget.input_tokens:
        offered = _Offered(prompt.raw, before)
    watch.lap("plan")
    offers = [] if reason else _offers(pieces, counter, policy, budget)
    watch.lap("reduce")
    try:
        outcome = _guarded(prompt, wire, offers, offered, counter, policy, budget)
    except BudgetExceeded:
        if not offered.tools:
            raise
        offered = _Offered(prompt.raw, before)  # the budget counts for more than our tools
        outcome = _guarded(prompt, wire, offers, offered, counter, policy, budget)
    watch.lap("guard")
    receipt = Receipt(
        id=receipt_id(),
        created_s=time.time(),
        wire=wire.name,
        model=prompt.model,
        mode=mode,
        tokens_before=before,
        tokens_after=outcome.tokens,
        exact=counter.exact,
        reason=reason or outcome.reason,
        spans=tuple(s for settlement in outcome.settled for s in span_receipts(settlement)),
        step_ms=watch.step_ms,
    )
    return Reduction(
        outcome.body if mode is Mode.ON else body,
        receipt,
        prompt.model,
        prompt.stream,
        own_tools=tuple(tool.name for tool in offered.tools),
        elided=_elided(outcome) if offered.tools else (),
    )


def _counter(prompt: Prompt) -> Counter:
    """The model's counter; for what no model could read anyway an estimate that takes no time."""
    characters = sum(len(span.text) for span in prompt.spans)
    return counter_for(prompt.model) if characters <= _COUNTED_CHARS else CharCounter()


def prompt_tokens(prompt: Prompt, counter: Counter) -> int:
    """Tokens of a whole request: every text, image and schema, and what the wire format adds."""
    spans = sum(span.tokens if span.tokens >= 0 else counter.count(span.text) for span in prompt.spans)
    return spans + overhead_tokens(prompt.wire, num_messages=prompt.num_messages, num_tools=prompt.num_tools)


@dataclass(frozen=True, slots=True)
class _Offered:
    """The request with our tools added, before anything is reduced; the very bytes that came if there are none."""

    body: bytes
    tokens: int
    tools: tuple[Tool, ...] = ()
    patches: tuple[Patch, ...] = ()


def _offered(prompt: Prompt, wire: Wire, before: int, counter: Counter, policy: PolicySettings, mode: Mode) -> _Offered:
    tools = own_tools(prompt, policy) if mode is Mode.ON and policy.effort != "off" else ()
    if not tools:
        return _Offered(prompt.raw, before)
    patches = wire.add_tools(prompt, tools)
    body = wire.apply(prompt, (), patches)
    return _Offered(body, prompt_tokens(wire.parse(body), counter), tools, patches)


def _reason_to_leave(pieces: list[Piece], before: int, policy: PolicySettings, budget: Budget, mode: Mode) -> str:
    if mode is Mode.OFF:
        return "mode off"
    if policy.effort == "off":
        return "effort off"
    if not pieces:
        return "nothing in this request may be reduced"
    if budget.input_tokens is not None:
        return f"already within the budget of {budget.input_tokens:,} tokens" if before <= budget.input_tokens else ""
    characters = sum(len(piece.span.text) for piece in pieces)
    if characters < policy.min_tokens * 2:  # no vocabulary needs fewer than two characters a token on average
        return f"fewer than {policy.min_tokens} reducible tokens"
    return ""


def _offers(pieces: list[Piece], counter: Counter, policy: PolicySettings, budget: Budget) -> list[Offer]:
    offers = []
    for piece in pieces:
        ask = Ask(counter, piece.question, policy.pins, budget.deadline, piece.span.tool)
        offers.append(offer(piece.span, sniff(piece.span.text, piece.span.tool), ask))
    return with_priors(offers)


@dataclass(frozen=True, slots=True)
class _Outcome:
    body: bytes
    tokens: int
    settled: list[Settlement]
    reason: str = ""


def _guarded(
    prompt: Prompt,
    wire: Wire,
    offers: list[Offer],
    offered: _Offered,
    counter: Counter,
    policy: PolicySettings,
    budget: Budget,
) -> _Outcome:
    """Settle, apply, and look at the result as the provider will: the same shape, never larger, within the budget."""
    before = offered.tokens
    original = partial(_Outcome, offered.body, before)
    if not offers:
        return original([])
    reducible = {offer.span.literal for offer in offers}
    said = [span for span in prompt.spans if span.literal not in reducible]
    limit = budget.input_tokens
    fixed = before - sum(offer.tokens for offer in offers)
    slack = 0
    for attempt in range(_TIGHTEN * (2 if offered.tools else 1)):
        marking = bool(offered.tools) and attempt < _TIGHTEN  # then the budget counts for more than the marks
        slack = slack if attempt != _TIGHTEN else 0
        settled = fold(
            offers,
            said,
            target=TARGETS[policy.effort],
            min_tokens=policy.min_tokens,
            available_tokens=None if limit is None else limit - fixed - slack,
            pins=policy.pins,
            deadline=budget.deadline,
        )
        if marking:
            settled = [replace(one, changes=tuple(with_handle(c, counter) for c in one.changes)) for one in settled]
        body = wire.apply(prompt, _edits(settled), offered.patches)
        if body == offered.body:
            after, shaped = before, True
        else:
            sent = wire.parse(body)
            after, shaped = prompt_tokens(sent, counter), same_shape(prompt, without_tools(sent, offered.tools))
        if limit is None or after <= limit or not (settled[-1].fits or marking):
            break
        slack += after - limit
    if limit is not None and after > limit:
        raise BudgetExceeded(budget_tokens=limit, needed_tokens=after)
    if not shaped:
        return original(settled, "structure: the reduced request had another shape, so the original went out")
    if after >= before:
        return original(settled, _why_nothing(settled))
    return _Outcome(body, after, settled)


def _elided(outcome: _Outcome) -> tuple[str, ...]:
    if outcome.reason:  # the original went out
        return ()
    changes = (change for settlement in outcome.settled for change in settlement.changes)
    return tuple(change.span.text for change in changes if is_lossy(change.rendition))


def _edits(settled: list[Settlement]) -> list[Edit]:
    changes = (change for settlement in settled for change in settlement.changes)
    return [Edit(c.span, c.rendition.text) for c in changes if c.rendition.text != c.span.text]


def _why_nothing(settled: list[Settlement]) -> str:
    reasons = dict.fromkeys(reason for settlement in settled for reason in settlement.reasons if reason)
    return "; ".join(list(reasons)[:3]) or "nothing shorter was found"


@dataclass
class Watch:
    """Milliseconds per verb."""

    step_ms: dict[str, float] = field(default_factory=dict)
    _last_s: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        now_s = time.perf_counter()
        self.step_ms[step] = round((now_s - self._last_s) * 1000, 3)
        self._last_s = now_s
