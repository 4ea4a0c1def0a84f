"""The way of a request: receive -> plan -> reduce -> guard (-> generate -> finish -> record, at the surfaces).

This is the file to read first. `reduce_body` is what every surface calls before a request goes out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sparing.conversation.fold import Fold, Folded
from sparing.conversation.memory import MEMORY, span_tokens
from sparing.conversation.turns import Turn, cut_turns
from sparing.core.budget import Budget, Mode
from sparing.core.counter import Counter
from sparing.core.prices import CacheKind
from sparing.core.receipt import Receipt
from sparing.core.span import Edit, Patch, Prompt, Span
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded
from sparing.guard.structure import same_shape
from sparing.plan.effort import TARGETS
from sparing.plan.zones import Parts, find_parts
from sparing.prices.lookup import prices_for
from sparing.receipts import receipt_id, span_receipts
from sparing.receive.cache_marks import count_marks, mark_cached
from sparing.receive.splice import edited_texts
from sparing.settings import PolicySettings
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for
from sparing.tokens.overhead import overhead_tokens

_COUNTED_CHARS = 8_000_000  # about two million tokens: beyond every model's context
_TIGHTEN = 3  # times the plan is tightened when the whole counts a little more than its parts


@dataclass(frozen=True, slots=True)
class Reduction:
    """A request as it may go out.

    Attributes:
        body: The bytes to send: the very bytes that came when nothing was reduced or the mode is `audit`, but for
            breakpoints of the provider's cache (`receipt.cache_marks`).
        receipt: What was done; `receipt.reason` says why when nothing was.
    """

    body: bytes
    receipt: Receipt
    model: str
    stream: bool


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
    parts = find_parts(prompt, policy.exempt_tools)
    turns, opening = cut_turns(prompt, parts, _start(policy, counter))
    before = _tokens(prompt, turns, opening, counter)
    reason = _reason_to_leave(parts, before, policy, budget, mode)
    watch.lap("plan")
    mark = partial(_cache_marks, prompt, counter, policy, mode)
    outcome = (
        _unreduced(prompt, wire, before, mark(before))
        if reason
        else _reduced(prompt, turns, wire, before, counter, policy, budget, watch, mark)
    )
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
        spans=span_receipts(outcome.folded.settlement) if outcome.folded else (),
        step_ms=watch.step_ms,
        cache_marks=outcome.cache_marks,
    )
    return Reduction(outcome.body if mode is Mode.ON else body, receipt, prompt.model, prompt.stream)


def _counter(prompt: Prompt) -> Counter:
    """The model's counter; for what no model could read anyway an estimate that takes no time."""
    characters = sum(len(span.text) for span in prompt.spans)
    return counter_for(prompt.model) if characters <= _COUNTED_CHARS else CharCounter()


def _tokens(prompt: Prompt, turns: Sequence[Turn], opening: Sequence[Span], counter: Counter) -> int:
    """Tokens of a whole request: every text, image and schema, and what the wire format adds."""
    spans = sum(MEMORY.tokens(turn, counter) for turn in turns) + sum(span_tokens(span, counter) for span in opening)
    return spans + overhead_tokens(prompt.wire, num_messages=prompt.num_messages, num_tools=prompt.num_tools)


def _reason_to_leave(parts: Parts, before: int, policy: PolicySettings, budget: Budget, mode: Mode) -> str:
    if mode is Mode.OFF:
        return "mode off"
    if policy.effort == "off":
        return "effort off"
    if not parts.pieces:
        return "nothing in this request may be reduced"
    if budget.input_tokens is not None:
        return f"already within the budget of {budget.input_tokens:,} tokens" if before <= budget.input_tokens else ""
    characters = sum(len(piece.span.text) for piece in parts.pieces)
    if characters < policy.min_tokens * 2:  # no vocabulary needs fewer than two characters a token on average
        return f"fewer than {policy.min_tokens} reducible tokens"
    return ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    body: bytes
    tokens: int
    folded: Folded | None = None
    reason: str = ""
    cache_marks: int = 0


def _unreduced(
    prompt: Prompt, wire: Wire, tokens: int, marks: Sequence[Patch], folded: Folded | None = None, reason: str = ""
) -> _Outcome:
    return _Outcome(wire.apply(prompt, (), marks), tokens, folded, reason, count_marks(marks))


def _reduced(
    prompt: Prompt,
    turns: Sequence[Turn],
    wire: Wire,
    before: int,
    counter: Counter,
    policy: PolicySettings,
    budget: Budget,
    watch: Watch,
    mark: Callable[[int], Sequence[Patch]],
) -> _Outcome:
    """Fold, apply, and look at the result as the provider will: the same shape, never larger, within the budget."""
    limit = budget.input_tokens
    slack = 0
    for _ in range(_TIGHTEN):
        fold = Fold(turns, policy, counter, budget.deadline)
        folded = fold.by_effort() if limit is None else fold.within(before, limit - slack)
        watch.lap("reduce")
        after = before - _saved_tokens(prompt, folded, counter)
        marks = mark(after)
        body = wire.apply(prompt, _edits(folded), marks)
        watch.lap("guard")
        if limit is None or after <= limit or not folded.fits:
            break
        slack += after - limit
    if limit is not None and after > limit:
        raise BudgetExceeded(budget_tokens=limit, needed_tokens=after)
    if not same_shape(prompt, wire.parse(body)):
        reason = "structure: the reduced request had another shape, so the original went out"
        return _Outcome(prompt.raw, before, folded, reason)
    if after >= before:
        return _unreduced(prompt, wire, before, mark(before), folded, _why_nothing(folded))
    return _Outcome(body, after, folded, cache_marks=count_marks(marks))


def _cache_marks(prompt: Prompt, counter: Counter, policy: PolicySettings, mode: Mode, tokens: int) -> Sequence[Patch]:
    """Breakpoints for a provider's cache that has to be told, where the caller set none."""
    if mode is not Mode.ON or policy.effort == "off" or not policy.cache_marks or not prompt.breakpoints:
        return ()
    prices = prices_for(prompt.model, file=policy.prices_file)
    if prices is None or prices.cache is not CacheKind.EXPLICIT:
        return ()
    return mark_cached(prompt, tokens, counter, prices.cache_min_tokens)


def _start(policy: PolicySettings, counter: Counter) -> bytes:
    """What every turn depends on beside the conversation."""
    return repr((policy, TARGETS[policy.effort], counter.name)).encode("utf-8", "surrogatepass")


def _edits(folded: Folded) -> list[Edit]:
    changed = (c for c in folded.settlement.changes if c.rendition.text != c.span.text)
    return [*(Edit(c.span, c.rendition.text) for c in changed), *(addition.edit for addition in folded.additions)]


def _saved_tokens(prompt: Prompt, folded: Folded, counter: Counter) -> int:
    """Tokens before all edits less those after; a literal that is edited in stretches is counted as a whole."""
    changes = [change for change in folded.settlement.changes if change.rendition.text != change.span.text]
    saved = sum(c.tokens_before - c.tokens_after for c in changes if c.span.within is None)
    in_part = [Edit(c.span, c.rendition.text) for c in changes if c.span.within is not None]
    for old, new in edited_texts(prompt, [*in_part, *(addition.edit for addition in folded.additions)]):
        saved += counter.count(old) - counter.count(new)
    return saved


def _why_nothing(folded: Folded) -> str:
    reasons = dict.fromkeys(reason for reason in folded.settlement.reasons if reason)
    return "; ".join(list(reasons)[:3]) or "nothing shorter was found"


@dataclass
class Watch:
    """Milliseconds per verb."""

    step_ms: dict[str, float] = field(default_factory=dict)
    _last_s: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        now_s = time.perf_counter()
        self.step_ms[step] = round(self.step_ms.get(step, 0.0) + (now_s - self._last_s) * 1000, 3)
        self._last_s = now_s
