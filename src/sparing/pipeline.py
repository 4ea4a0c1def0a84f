"""The way of a request: receive -> plan -> reduce -> guard (-> generate -> finish -> record, at the surfaces).

This is the file to read first. `reduce_body` is what every surface calls before a request goes out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from msgspec.structs import replace as replace_struct

from sparing.at_risk import losses_of, worst
from sparing.conversation.memory import MEMORY, span_tokens
from sparing.conversation.turns import Turn, cut_turns
from sparing.core.budget import Budget, Mode
from sparing.core.counter import Counter
from sparing.core.receipt import Receipt
from sparing.core.span import Prompt, Span
from sparing.core.summaries import Summaries, Wanted
from sparing.core.verdict import Floor
from sparing.core.wire import Wire
from sparing.frame import Frame
from sparing.handles import is_lossy
from sparing.own_tools import RECALL
from sparing.plan.calibration import calibration_in
from sparing.plan.effort import TARGETS
from sparing.plan.zones import Exempt
from sparing.receipts import receipt_id, span_receipts
from sparing.request import Outcome, Request
from sparing.select.choose import identity
from sparing.settings import PolicySettings
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for
from sparing.tokens.overhead import overhead_tokens
from sparing.watch import Watch

_COUNTED_CHARS = 8_000_000  # about two million tokens: beyond every model's context


@dataclass(frozen=True, slots=True)
class Reduction:
    """A request as it may go out.

    Attributes:
        body: The bytes to send: the very bytes that came when nothing was reduced or the mode is `audit`, but for
            breakpoints of the provider's cache (`receipt.cache_marks`).
        receipt: What was done; `receipt.reason` says why when nothing was.
        own_tools: Names of the tools of ours that `body` offers; whoever sends it has to answer calls of them.
        elided: The texts that `body` holds less than all of, where one of these tools gives the rest.
        left_out_tools: Definitions of the tools that `body` leaves to a search (`toolset.search`), as they are sent
            once they are called.
        wanted: Old results that would be told in a model's words, were they there: ask for them and reduce again.
        floors: Of the newest turn's texts, where a risk was asked for: whoever watches for drift looks at their signs.
    """

    body: bytes
    receipt: Receipt
    model: str
    stream: bool
    own_tools: tuple[str, ...] = ()
    elided: tuple[str, ...] = ()
    left_out_tools: tuple[str, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    floors: tuple[tuple[str, Floor], ...] = ()


def reduce_body(
    body: bytes,
    wire: Wire,
    policy: PolicySettings,
    budget: Budget,
    mode: Mode,
    summaries: Summaries | None = None,
) -> Reduction:
    """The first four verbs. Pure and CPU-bound; call it off the event loop for big bodies.

    Args:
        summaries: What a model wrote about old results; with none, and wherever the policy allows none, they are told
            in a line of their own words.
    Raises:
        MalformedBody: The body is not of this wire format.
        BudgetExceeded: The budget is smaller than what may not be reduced.
    """
    watch = Watch()
    if budget.risk is not None:
        policy = replace_struct(policy, risk=budget.risk)
    prompt = wire.parse(body)
    watch.lap("receive")
    counter = _counter(prompt)
    untouched = (RECALL.name,)  # what was asked for is not shortened again
    exempt = Exempt(policy.exempt_tools, untouched, policy.exempt_texts)
    allowed = summaries if policy.compaction == "summary" else None
    start = partial(_start, policy, counter, prompt.model, allowed)
    has_budget = budget.input_tokens is not None
    turns, opening = cut_turns(prompt, exempt, start, MEMORY, to_a_budget=has_budget)
    before = _tokens(prompt, turns, opening, counter)
    request = Request(prompt, turns, wire, before, counter, policy, budget, mode, allowed)
    frame = request.frame(recall=True) if policy.effort != "off" and mode is not Mode.OFF else Frame()
    reason = _reason_to_leave(turns, before + frame.added_tokens, policy, budget, mode)
    watch.lap("plan")
    outcome = request.unfolded(frame, reason) if reason else request.folded(frame, watch)
    sent = outcome.folded if not outcome.reason else None
    calibration = calibration_in(policy.calibration_file)
    losses = losses_of(outcome.folded.settlement.changes, calibration) if outcome.folded else []
    receipt = Receipt(
        id=receipt_id(),
        created_s=time.time(),
        wire=wire.name,
        model=prompt.model,
        mode=mode,
        tokens_before=before,
        tokens_after=outcome.tokens,
        exact=counter.exact,
        reason="" if outcome.frame.receipts else outcome.reason,
        spans=(*outcome.frame.receipts, *(span_receipts(outcome.folded.settlement, losses) if outcome.folded else ())),
        step_ms=watch.step_ms,
        resupplied_tokens=sum(addition.tokens for addition in sent.additions) if sent else 0,
        rewritten_tokens=sent.rewritten_tokens if sent else 0,
        cache_marks=outcome.cache_marks,
        expected_loss=worst(losses),
        risk=policy.risk,
        grown_tokens=max(0, outcome.tokens - budget.input_tokens) if budget.input_tokens is not None else 0,
    )
    if mode is not Mode.ON:
        return Reduction(body, receipt, prompt.model, prompt.stream)
    return Reduction(
        outcome.body,
        receipt,
        prompt.model,
        prompt.stream,
        own_tools=outcome.frame.own_tools,
        elided=_elided(outcome),
        left_out_tools=outcome.frame.plan.left_out,
        wanted=sent.wanted if sent else (),
        floors=_newest_floors(turns, outcome),
    )


def _counter(prompt: Prompt) -> Counter:
    """The model's counter; for what no model could read anyway an estimate that takes no time."""
    characters = sum(len(span.text) for span in prompt.spans)
    return counter_for(prompt.model) if characters <= _COUNTED_CHARS else CharCounter()


def _tokens(prompt: Prompt, turns: Sequence[Turn], opening: Sequence[Span], counter: Counter) -> int:
    """Tokens of a whole request: every text, image and schema, and what the wire format adds."""
    spans = sum(MEMORY.tokens(turn, counter) for turn in turns) + sum(span_tokens(span, counter) for span in opening)
    return spans + overhead_tokens(prompt.wire, num_messages=prompt.num_messages, num_tools=prompt.num_tools)


def _reason_to_leave(turns: Sequence[Turn], before: int, policy: PolicySettings, budget: Budget, mode: Mode) -> str:
    if mode is Mode.OFF:
        return "mode off"
    if policy.effort == "off":
        return "effort off"
    if budget.input_tokens is not None:
        return f"already within the budget of {budget.input_tokens:,} tokens" if before <= budget.input_tokens else ""
    return "" if any(turn.pieces for turn in turns) else "nothing in this request may be reduced"


def _elided(outcome: Outcome) -> tuple[str, ...]:
    """Texts that can be asked for again, because our tool for that is offered."""
    if outcome.folded is None or outcome.reason or not outcome.frame.recall:
        return ()
    return tuple(c.span.text for c in outcome.folded.settlement.changes if is_lossy(c.rendition))


def _start(policy: PolicySettings, counter: Counter, model: str, summaries: Summaries | None) -> bytes:
    """What every turn depends on beside the conversation."""
    scope = summaries.scope if summaries is not None else ""
    calibration = calibration_in(policy.calibration_file).digest if policy.risk else ""
    start = (_told(policy), counter.name, model, scope, identity(policy.select), calibration)
    return repr(start).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def _told(policy: PolicySettings) -> str:
    """A policy in words, its effort's target among them."""
    return repr((policy, TARGETS[policy.effort]))


def _newest_floors(turns: Sequence[Turn], outcome: Outcome) -> tuple[tuple[str, Floor], ...]:
    if outcome.folded is None or not turns:
        return ()
    changes = outcome.folded.settlement.changes
    return tuple((c.content, c.floor) for c in changes if c.floor is not None and c.span.block == turns[-1].block)
