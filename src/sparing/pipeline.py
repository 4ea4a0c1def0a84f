"""The way of a request: receive -> plan -> reduce -> guard (-> generate -> finish -> record, at the surfaces).

This is the file to read first. `reduce_body` is what every surface calls before a request goes out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sparing.conversation.fold import Fold
from sparing.conversation.folded import Folded
from sparing.conversation.memory import MEMORY, span_tokens
from sparing.conversation.turns import Turn, cut_turns
from sparing.core.budget import Budget, Mode
from sparing.core.counter import Counter
from sparing.core.prices import CacheKind
from sparing.core.receipt import Receipt
from sparing.core.span import Edit, Patch, Prompt, Span
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded
from sparing.frame import Frame, frame_of
from sparing.guard.structure import same_shape
from sparing.handles import is_lossy
from sparing.own_tools import RECALL, without_tools
from sparing.plan.economics import cache_costs
from sparing.plan.effort import TARGETS
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
        own_tools: Names of the tools of ours that `body` offers; whoever sends it has to answer calls of them.
        elided: The texts that `body` holds less than all of, where one of these tools gives the rest.
        left_out_tools: Definitions of the tools that `body` leaves to a search (`toolset.search`), as they are sent
            once they are called.
    """

    body: bytes
    receipt: Receipt
    model: str
    stream: bool
    own_tools: tuple[str, ...] = ()
    elided: tuple[str, ...] = ()
    left_out_tools: tuple[str, ...] = ()


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
    exempt = (*policy.exempt_tools, RECALL.name)  # what was asked for is not shortened again
    turns, opening = cut_turns(prompt, exempt, _start(policy, counter, prompt.model), MEMORY)
    before = _tokens(prompt, turns, opening, counter)
    request = _Request(prompt, turns, wire, before, counter, policy, budget, mode)
    frame = request.frame(recall=True) if policy.effort != "off" and mode is not Mode.OFF else Frame()
    reason = _reason_to_leave(turns, before + frame.added_tokens, policy, budget, mode)
    watch.lap("plan")
    outcome = request.unfolded(frame, reason) if reason else request.folded(frame, watch)
    sent = outcome.folded if not outcome.reason else None
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
        spans=(*outcome.frame.receipts, *(span_receipts(outcome.folded.settlement) if outcome.folded else ())),
        step_ms=watch.step_ms,
        resupplied_tokens=sum(addition.tokens for addition in sent.additions) if sent else 0,
        rewritten_tokens=sent.rewritten_tokens if sent else 0,
        cache_marks=outcome.cache_marks,
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


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A body that may go out.

    Attributes:
        folded: None where the conversation was left alone.
    """

    body: bytes
    tokens: int
    frame: Frame
    folded: Folded | None = None
    reason: str = ""
    cache_marks: int = 0


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that was read, with what it is to be reduced by."""

    prompt: Prompt
    turns: Sequence[Turn]
    wire: Wire
    before: int
    counter: Counter
    policy: PolicySettings
    budget: Budget
    mode: Mode

    def frame(self, *, recall: bool) -> Frame:
        """What the policy makes of the tools; the budget counts for more than tools of ours.

        Args:
            recall: Whether they may be offered.
        """
        limit = self.budget.input_tokens or 0  # without one every request is over
        is_over = self.before > limit
        offer = recall and self.mode is Mode.ON
        frame = frame_of(self.prompt, self.wire, self.policy, self.counter, shorten=is_over, recall=offer)
        return frame if is_over or self.before + frame.added_tokens <= limit else Frame()

    def unfolded(self, frame: Frame, reason: str, folded: Folded | None = None, *, may_mark: bool = True) -> _Outcome:
        """The conversation as it came."""
        tokens = self.before + frame.added_tokens
        marks = self._cache_marks(tokens, frame) if may_mark else ()
        body = self.wire.apply(self.prompt, (), (*frame.patches, *marks))
        return _Outcome(body, tokens, frame, folded, reason, count_marks(marks))

    def folded(self, frame: Frame, watch: Watch) -> _Outcome:
        """The conversation folded: the same shape, never larger, within the budget.

        Raises:
            BudgetExceeded: The budget is smaller than what may not be reduced.
        """
        limit = self.budget.input_tokens
        if limit is None:
            return self._fold(frame, watch, marking=bool(frame.recall))
        attempts = [(frame, bool(frame.recall))]
        if frame.recall:  # the budget counts for more than our marks, and these for more than our tools
            attempts += [(frame, False), (self.frame(recall=False), False)]
        for one, marking in attempts:
            outcome = self._fold(one, watch, marking=marking)
            if outcome.tokens <= limit:
                return outcome
        raise BudgetExceeded(budget_tokens=limit, needed_tokens=outcome.tokens)

    def _fold(self, frame: Frame, watch: Watch, *, marking: bool) -> _Outcome:
        limit, slack = self.budget.input_tokens, 0
        base = self.before + frame.added_tokens
        costs = cache_costs(prices_for(self.prompt.model, file=self.policy.prices_file))
        for _ in range(_TIGHTEN):
            fold = Fold(self.turns, self.policy, self.counter, self.budget.deadline, costs, marking=marking)
            folded = fold.by_effort() if limit is None else fold.within(base, limit - slack)
            watch.lap("reduce")
            after = base - _saved_tokens(self.prompt, folded, self.counter)
            marks = self._cache_marks(after, frame)
            body = self.wire.apply(self.prompt, _edits(folded), (*frame.patches, *marks))
            watch.lap("guard")
            if limit is None or after <= limit or not (folded.fits or marking):
                break
            slack += after - limit
        if not same_shape(self.prompt, without_tools(self.wire.parse(body), frame.recall), frame.plan.names):
            reason = "structure: the reduced request had another shape, so the original went out"
            return self.unfolded(frame, reason, folded, may_mark=False)
        watch.lap("guard")
        if after >= base:
            return self.unfolded(frame, _why_nothing(folded), folded)
        return _Outcome(body, after, frame, folded, cache_marks=count_marks(marks))

    def _cache_marks(self, tokens: int, frame: Frame) -> tuple[Patch, ...]:
        """Breakpoints for a provider's cache that has to be told, where the caller set none."""
        policy = self.policy
        if self.mode is not Mode.ON or policy.effort == "off" or not policy.cache_marks or not self.prompt.breakpoints:
            return ()
        prices = prices_for(self.prompt.model, file=policy.prices_file)
        if prices is None or prices.cache is not CacheKind.EXPLICIT:
            return ()
        return mark_cached(self.prompt, tokens, self.counter, prices.cache_min_tokens, frame.patches)


def _elided(outcome: _Outcome) -> tuple[str, ...]:
    """Texts that can be asked for again, because our tool for that is offered."""
    if outcome.folded is None or outcome.reason or not outcome.frame.recall:
        return ()
    return tuple(c.span.text for c in outcome.folded.settlement.changes if is_lossy(c.rendition))


def _start(policy: PolicySettings, counter: Counter, model: str) -> bytes:
    """What every turn depends on beside the conversation."""
    return repr((policy, TARGETS[policy.effort], counter.name, model)).encode("utf-8", "surrogatepass")


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
