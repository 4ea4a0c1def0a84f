"""A request that was read, folded and framed, within its budget and in its shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.conversation.fold import Fold
from sparing.conversation.folded import Folded
from sparing.conversation.turns import Turn
from sparing.core.budget import Budget, Mode
from sparing.core.counter import Counter
from sparing.core.prices import CacheKind
from sparing.core.span import Edit, Patch, Prompt
from sparing.core.summaries import Summaries
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded
from sparing.frame import Frame, frame_of
from sparing.guard.structure import same_shape
from sparing.own_tools import without_tools
from sparing.plan.economics import cache_costs
from sparing.prices.lookup import prices_for
from sparing.receive.cache_marks import count_marks, mark_cached
from sparing.receive.splice import edited_texts
from sparing.settings import PolicySettings
from sparing.watch import Watch

_TIGHTEN = 3  # times the plan is tightened when the whole counts a little more than its parts


@dataclass(frozen=True, slots=True)
class Outcome:
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
class Request:
    """A request that was read, with what it is to be reduced by."""

    prompt: Prompt
    turns: Sequence[Turn]
    wire: Wire
    before: int
    counter: Counter
    policy: PolicySettings
    budget: Budget
    mode: Mode
    summaries: Summaries | None = None

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

    def unfolded(self, frame: Frame, reason: str, folded: Folded | None = None, *, may_mark: bool = True) -> Outcome:
        """The conversation as it came."""
        tokens = self.before + frame.added_tokens
        marks = self._cache_marks(tokens, frame) if may_mark else ()
        patches = (*frame.patches, *marks)
        body = self.wire.apply(self.prompt, (), patches) if patches else self.prompt.raw
        return Outcome(body, tokens, frame, folded, reason, count_marks(marks))

    def folded(self, frame: Frame, watch: Watch) -> Outcome:
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
        if self.policy.risk and self.policy.risk_conflict == "grow":
            return replace(self, budget=replace(self.budget, input_tokens=None)).folded(frame, watch)
        raise BudgetExceeded(budget_tokens=limit, needed_tokens=outcome.tokens, risk=self.policy.risk)

    def _fold(self, frame: Frame, watch: Watch, *, marking: bool) -> Outcome:
        limit, slack = self.budget.input_tokens, 0
        base = self.before + frame.added_tokens
        costs = cache_costs(prices_for(self.prompt.model, file=self.policy.prices_file))
        for _ in range(_TIGHTEN):
            fold = Fold(
                self.turns,
                self.policy,
                self.counter,
                self.budget.deadline,
                costs,
                marking=marking,
                summaries=self.summaries,
            )
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
        return Outcome(body, after, frame, folded, cache_marks=count_marks(marks))

    def _cache_marks(self, tokens: int, frame: Frame) -> tuple[Patch, ...]:
        """Breakpoints for a provider's cache that has to be told, where the caller set none."""
        policy = self.policy
        if self.mode is not Mode.ON or policy.effort == "off" or not policy.cache_marks or not self.prompt.breakpoints:
            return ()
        prices = prices_for(self.prompt.model, file=policy.prices_file)
        if prices is None or prices.cache is not CacheKind.EXPLICIT:
            return ()
        return mark_cached(self.prompt, tokens, self.counter, prices.cache_min_tokens, frame.patches)


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
