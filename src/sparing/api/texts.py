"""Several texts under one budget, reduced."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sparing.api.arguments import check_budget, check_share
from sparing.at_risk import Terms, losses_of, with_floor
from sparing.conversation.by_effort import settle_by_effort, settle_by_risk
from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change, Floor
from sparing.errors import BudgetExceeded, RequestError
from sparing.handles import handle_of, is_lossy, with_handle
from sparing.offer import Offer, offer, with_priors
from sparing.plan.calibration import calibration_in
from sparing.plan.effort import TARGETS
from sparing.reducers.sniff import sniff
from sparing.select.choose import larger, selector_for
from sparing.settings import PolicySettings
from sparing.settings.policy import Select
from sparing.settle import Settlement, settle
from sparing.tokens.models import DEFAULT_MODEL, counter_for

_MARKING = 3  # times the aim is lowered to make room for marks
_PARTS = {"document": Kind.DOCUMENT, "tool_result": Kind.TOOL_RESULT}
_KINDS = {"auto": None, "grep": Content.GREP, "test": Content.TEST_OUTPUT}


@dataclass(frozen=True, slots=True)
class Reduced:
    """A text and its shorter form.

    Attributes:
        kept: tokens_after / tokens_before, 0..1.
        elided: What was left out, as character ranges of the source.
        reason: Why it is as it is when nothing was left out, or what a guard insisted on; "" otherwise.
        exact: False when the model's vocabulary is not public and the counts are estimates.
        judged_by: What weighed its units, and why nothing better did; "" where nothing had to be weighed.
        handle: What the mark at the end of `text` names the whole text by; "" if there is no mark.
        expected_loss: Of what the query needs of the text, the share that is expected to be lost, 0..1; -1 where texts
            of this kind are not calibrated.
        floor: What the risk asked for made of it; None where no risk was asked for.
    """

    text: str
    tokens_before: int
    tokens_after: int
    elided: tuple[Elision, ...]
    unit: str
    kind: str
    reducer: str
    reason: str
    exact: bool
    ms: float
    name: str = ""
    handle: str = ""
    judged_by: str = ""
    expected_loss: float = -1.0
    floor: Floor | None = None

    @property
    def kept(self) -> float:
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0


def reduce_texts(
    items: Sequence[tuple[str, str]],
    *,
    query: str | None = None,
    budget: int | None = None,
    keep: float | None = None,
    kind: str = "auto",
    model: str = DEFAULT_MODEL,
    part: str = "document",
    pins: Sequence[str] = (),
    deadline_s: float | None = None,
    select: Select = "auto",
    recall: bool = False,
    terms: Terms | None = None,
) -> list[Reduced]:
    """Shorten several (name, text) under one budget; see `reduce_text`.

    Args:
        recall: Mark what is shortened with a handle of the whole; whoever does that has to keep the texts.
        terms: Under which something may be left out, where a risk is asked for.
    """
    start_s = time.perf_counter()
    _check(budget, keep, part)
    asked = _Asked(
        Ask(
            counter_for(model),
            Question(query) if query and query.strip() else None,
            tuple(pins),
            Deadline() if deadline_s is None else Deadline.after(deadline_s),
            text_form=part == "tool_result",
        ),
        _PARTS[part],
        kind,
        select,
        PolicySettings().deadline_ms if deadline_s is None else 1000 * deadline_s,
        terms,
    )
    offers = with_priors(asked.offers(items))
    tokens_before = sum(one.tokens for one in offers)
    limit = budget if budget is not None else round(tokens_before * (1.0 if keep is None else keep))

    def settled_within(aim: int, offers: Sequence[Offer]) -> Settlement:
        if budget is not None or keep is not None:
            return settle(offers, aim, asked.ask.pins, must_fit=budget is not None)
        if terms is not None:
            return settle_by_risk(offers, asked.ask.pins)
        return settle_by_effort(offers, TARGETS["balanced"], asked.ask.pins)

    def settled_of(offers: Sequence[Offer]) -> Settlement:
        within = partial(settled_within, offers=offers)
        return _marked(within, limit, asked.ask.counter) if recall else within(limit)

    settled = settled_of(offers)
    if budget is not None and settled.tokens > budget and terms is not None and terms.larger_tier:
        by_larger = with_priors(replace(asked, by_larger_tier=True).offers(items))
        again = settled_of(by_larger)
        if again.tokens < settled.tokens:
            offers, settled = by_larger, again
    if budget is not None and settled.tokens > budget:
        risk = terms.asked.risk if terms is not None else 0.0
        raise BudgetExceeded(budget_tokens=budget, needed_tokens=settled.tokens, risk=risk)
    losses = losses_of(settled.changes, terms.calibration if terms is not None else calibration_in())
    ms = round((time.perf_counter() - start_s) * 1000, 3)
    return [
        _reduced(change, reason or _unchanged(one, change.tokens_after, limit), loss, name, ms, asked.ask.counter.exact)
        for change, reason, loss, one, (name, _) in zip(
            settled.changes, settled.reasons, losses, offers, items, strict=True
        )
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is wanted of every text alike.

    Attributes:
        ask: Of a text without a name and a selector.
        allowed_ms: For all of them together.
        by_larger_tier: Whether a larger tier than the rules judges, though a risk is asked for.
    """

    ask: Ask
    part: Kind
    kind: str
    select: Select
    allowed_ms: float
    terms: Terms | None
    by_larger_tier: bool = False

    def offers(self, items: Sequence[tuple[str, str]]) -> list[Offer]:
        """One per text."""
        chars = sum(len(text) for _, text in items) or 1
        return [self._offer(at, name, text, len(text) / chars) for at, (name, text) in enumerate(items)]

    def _select(self) -> Select:
        return larger(self.select) if self.by_larger_tier else self.select

    def _by_rules(self) -> bool:
        return self.terms is not None and not self.by_larger_tier

    def _offer(self, at: int, name: str, text: str, share: float) -> Offer:
        asked = self.ask.question is not None
        selector = selector_for(self._select(), self.allowed_ms, share, at_risk=self._by_rules()) if asked else None
        span = Span(name or f"text[{at}]", self.part, text, None)
        one = offer(span, content_of(text, self.kind, name), replace(self.ask, name=name, selector=selector))
        return one if self.terms is None else with_floor(one, self.terms)


def _reduced(change: Change, reason: str, loss: float, name: str, ms: float, exact: bool) -> Reduced:
    rendition = change.rendition
    return Reduced(
        text=rendition.text,
        tokens_before=change.tokens_before,
        tokens_after=change.tokens_after,
        elided=rendition.elisions,
        unit=rendition.unit,
        kind=change.content,
        reducer=rendition.reducer,
        reason=reason,
        exact=exact,
        ms=ms,
        name=name,
        handle=_handle_in(change),
        judged_by=rendition.judged_by,
        expected_loss=round(loss, 6),
        floor=change.floor,
    )


def content_of(text: str, kind: str, name: str = "") -> Content:
    """The content type meant by a `kind`, told from the text where the kind leaves it open.

    Raises:
        RequestError: An unknown kind.
    """
    told = sniff(text, name)
    if kind == "json":
        return told if told in (Content.JSON, Content.JSON_ROWS) else Content.JSON
    known = _KINDS | {content.value: content for content in Content}
    if kind not in known:
        raise RequestError(f"no kind is called {kind!r}", hint=f"known: {', '.join(known)}")
    return known[kind] or told


def _marked(settled_within: Callable[[int], Settlement], limit: int, counter: Counter) -> Settlement:
    """Within the limit, with marks; the limit counts for more than they do."""
    aim = limit
    for _ in range(_MARKING):
        settled = settled_within(aim)
        marked = replace(settled, changes=tuple(with_handle(change, counter) for change in settled.changes))
        if marked.tokens <= limit or settled.tokens > limit:
            return marked
        aim -= marked.tokens - limit
    return settled_within(limit)


def _handle_in(change: Change) -> str:
    handle = handle_of(change.span.text) if is_lossy(change.rendition) else ""
    return handle if f"({handle})" in change.rendition.text else ""


def _check(budget: int | None, keep: float | None, part: str) -> None:
    if budget is not None and keep is not None:
        raise RequestError("budget and keep were both given", hint="give one of them")
    check_budget(budget)
    check_share("keep", keep)
    if part not in _PARTS:
        raise RequestError(f"no part is called {part!r}", hint=f"known: {', '.join(_PARTS)}")


def _unchanged(offer_: Offer, after: int, limit: int) -> str:
    if after < offer_.tokens:
        return ""
    return f"already within {limit:,} tokens" if limit < offer_.tokens else "nothing shorter was found"
