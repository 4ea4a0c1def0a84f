"""The library: reduce a text, or a whole request. Re-exported by `sparing`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sparing import registry
from sparing.at_risk import Terms, losses_of, with_floor
from sparing.conversation.by_effort import settle_by_effort, settle_by_risk
from sparing.core.budget import Budget, Mode
from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Elision
from sparing.core.question import Question
from sparing.core.receipt import Receipt
from sparing.core.reducer import Ask, Deadline
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change, Floor
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded, MalformedBody, RequestError
from sparing.handles import handle_of, is_lossy, with_handle
from sparing.offer import Offer, offer, with_priors
from sparing.pipeline import reduce_body
from sparing.plan.calibration import calibration_in, read_calibration
from sparing.plan.effort import TARGETS
from sparing.plan.risk import Asked
from sparing.reducers.sniff import sniff
from sparing.select.choose import selector_for
from sparing.settings import PolicySettings
from sparing.settings.policy import Effort, Select
from sparing.settle import Settlement, settle
from sparing.tokens.models import DEFAULT_MODEL, counter_for
from sparing.toolset.memo import shortened
from sparing.warm import warm_up

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


@dataclass(frozen=True, slots=True)
class ReducedRequest:
    """A request body of the shape it came in (dict, str or bytes), and the account of what was done."""

    body: Any
    receipt: Receipt


def reduce_text(
    text: str,
    *,
    query: str | None = None,
    budget: int | None = None,
    keep: float | None = None,
    kind: str = "auto",
    model: str = DEFAULT_MODEL,
    name: str = "",
    part: str = "document",
    pins: Sequence[str] = (),
    deadline_s: float | None = None,
    select: Select = "auto",
    risk: float | None = None,
    confidence: float = 0.95,
    calibration_file: str = "",
) -> Reduced:
    """Shorten one text to what the question needs.

    Args:
        query: What the text is for; None keeps what is central and dense.
        budget: Most tokens the result may have. At most one of `budget` and `keep`.
        keep: Share of the tokens to keep, 0..1. With neither, what the balanced effort keeps.
        kind: ``auto`` or a content type: prose, markdown, html, json, log, code, diff, grep, test.
        model: Whose tokens to count.
        name: File or tool name, a hint for telling the kind.
        part: What it is in a conversation: ``document`` or ``tool_result``. JSON in a document stays JSON; in a tool's
            result, which only a model reads, it may become a text that says the same in fewer tokens.
        pins: Literal strings; a sentence, line or row that contains one stays.
        deadline_s: Give up reducing after this long and return the text with the reason.
        select: Who judges what the query needs: ``auto`` (the best that the deadline, or half a second, has time for),
            ``rules``, ``static`` or ``encoder`` (docs/select.md).
        risk: Most of what the query needs that may be lost, 0..1: without a budget the shortest form that keeps it. A
            text of a kind that is not calibrated loses nothing.
        confidence: That the loss measured over many texts is at most the risk; 0 bounds its expectation only.
        calibration_file: What `sparing calibrate` wrote; "" for the calibration that is shipped.
    Raises:
        BudgetExceeded: What is pinned, or what the risk needs, does not fit the budget.
        SettingsError: The calibration cannot be read.
        RequestError: A bad argument.
    """
    items = [(name, text)]
    terms = None if not risk else _terms(risk, confidence, calibration_file)
    return reduce_texts(
        items,
        query=query,
        budget=budget,
        keep=keep,
        kind=kind,
        model=model,
        part=part,
        pins=pins,
        deadline_s=deadline_s,
        select=select,
        terms=terms,
    )[0]


def _terms(risk: float, confidence: float, calibration_file: str) -> Terms:
    if not 0 <= risk <= 1:
        raise RequestError(f"risk is {risk!r}", hint="it is a share between 0 and 1")
    if not 0 <= confidence < 1:
        raise RequestError(f"confidence is {confidence!r}", hint="it is 0 or more, and less than 1")
    return Terms(Asked(risk, confidence), read_calibration(calibration_file))


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
    _check(budget, keep)
    if part not in _PARTS:
        raise RequestError(f"no part is called {part!r}", hint=f"known: {', '.join(_PARTS)}")
    counter = counter_for(model)
    question = Question(query) if query and query.strip() else None
    deadline = Deadline.after(deadline_s) if deadline_s is not None else Deadline()
    allowed_ms = PolicySettings().deadline_ms if deadline_s is None else 1000 * deadline_s
    offers = []
    for position, (name, text) in enumerate(items):
        span = Span(name or f"text[{position}]", _PARTS[part], text, None)
        share = len(text) / (sum(len(other) for _, other in items) or 1)
        selector = selector_for(select, allowed_ms, share, at_risk=terms is not None) if question else None
        ask = Ask(counter, question, tuple(pins), deadline, name, part == "tool_result", selector)
        one = offer(span, content_of(text, kind, name), ask)
        offers.append(one if terms is None else with_floor(one, terms))
    offers = with_priors(offers)
    before = sum(o.tokens for o in offers)
    limit = budget if budget is not None else round(before * (1.0 if keep is None else keep))

    def settled_within(aim: int) -> Settlement:
        if budget is None and keep is None:
            if terms is not None:
                return settle_by_risk(offers, tuple(pins))
            return settle_by_effort(offers, TARGETS["balanced"], tuple(pins))
        return settle(offers, aim, tuple(pins), must_fit=budget is not None)

    settled = _marked(settled_within, limit, counter) if recall else settled_within(limit)
    if budget is not None and settled.tokens > budget:
        risk = terms.asked.risk if terms is not None else 0.0
        raise BudgetExceeded(budget_tokens=budget, needed_tokens=settled.tokens, risk=risk)
    losses = losses_of(settled.changes, terms.calibration if terms is not None else calibration_in())
    ms = round((time.perf_counter() - start_s) * 1000, 3)
    return [
        Reduced(
            text=change.rendition.text,
            tokens_before=change.tokens_before,
            tokens_after=change.tokens_after,
            elided=change.rendition.elisions,
            unit=change.rendition.unit,
            kind=change.content,
            reducer=change.rendition.reducer,
            reason=reason or _unchanged(offer_, change.tokens_after, limit),
            exact=counter.exact,
            ms=ms,
            name=name,
            handle=_handle_in(change),
            judged_by=change.rendition.judged_by,
            expected_loss=round(loss, 6),
            floor=change.floor,
        )
        for change, reason, loss, offer_, (name, _) in zip(
            settled.changes, settled.reasons, losses, offers, items, strict=True
        )
    ]


def reduce(
    request: dict[str, Any] | str | bytes,
    *,
    wire: str = "openai.chat",
    policy: PolicySettings | None = None,
    budget: int | None = None,
    risk: float | None = None,
) -> ReducedRequest:
    """Shorten a whole request. Same shape in, same shape out; what is not reduced stays byte for byte.

    All of its tools are sent, whatever the policy's `most_tools`: only the gateway answers the search for the others.

    Args:
        request: The body as a dict, or as JSON text or bytes.
        wire: ``openai.chat``, ``openai.responses``, ``anthropic.messages`` or ``gemini``.
        budget: Most tokens the whole prompt may have; None leaves it to the policy's risk or effort.
        risk: Most of the needed evidence that may be lost, 0..1; None leaves it to the policy.
    Raises:
        MalformedBody, BudgetExceeded, RequestError
    """
    _check(budget, None)
    if risk is not None and not 0 <= risk <= 1:
        raise RequestError(f"risk is {risk!r}", hint="it is a share between 0 and 1")
    policy = msgspec.structs.replace(policy or PolicySettings(), most_tools=0)
    warm_up(DEFAULT_MODEL)  # before the clock starts: loading must not use up the first request's deadline
    limits = Budget(input_tokens=budget, deadline=Deadline.after(policy.deadline_ms / 1000), risk=risk)
    adapter: Wire = registry.load("wires", wire)
    reduction = reduce_body(to_bytes(request), adapter, policy, limits, Mode(policy.mode))
    return ReducedRequest(_like(request, reduction.body), reduction.receipt)


@dataclass(frozen=True, slots=True)
class ReducedTools:
    """Tool definitions and what they cost; `tools` has the form and the order of what came."""

    tools: list[dict[str, Any]]
    tokens_before: int
    tokens_after: int
    exact: bool


def reduce_tools(
    tools: Sequence[dict[str, Any]],
    *,
    effort: Effort = "balanced",
    model: str = DEFAULT_MODEL,
    pins: Sequence[str] = (),
) -> ReducedTools:
    """Shorten tool definitions; every call that was valid before is valid after, and no other.

    Args:
        tools: In the form of OpenAI (chat or responses), Anthropic or Gemini; others come back as they are.
        effort: ``safe``, ``balanced`` or ``max``.
        model: Whose tokens to count, of minified JSON before and after.
        pins: A description that contains one of these stays as it is.
    Raises:
        MalformedBody: A definition cannot be written as JSON.
    """
    counter = counter_for(model)
    before = [to_bytes(tool).decode() for tool in tools]
    after = [min(text, shortened(text, effort, tuple(pins)), key=counter.count) for text in before]
    decoded = [msgspec.json.decode(text) for text in after]
    return ReducedTools(decoded, sum(map(counter.count, before)), sum(map(counter.count, after)), counter.exact)


async def areduce_text(text: str, **options: Any) -> Reduced:
    """`reduce_text` in a worker thread, so that the event loop keeps turning."""
    return await asyncio.to_thread(reduce_text, text, **options)


async def areduce(request: dict[str, Any] | str | bytes, **options: Any) -> ReducedRequest:
    """`reduce` in a worker thread."""
    return await asyncio.to_thread(reduce, request, **options)


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


def _check(budget: int | None, keep: float | None) -> None:
    if budget is not None and keep is not None:
        raise RequestError("budget and keep were both given", hint="give one of them")
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 0):
        raise RequestError(f"budget is {budget!r}", hint="it is a number of tokens, 0 or more")
    if keep is not None and not 0 <= keep <= 1:
        raise RequestError(f"keep is {keep!r}", hint="it is a share between 0 and 1")


def _unchanged(offer_: Offer, after: int, limit: int) -> str:
    if after < offer_.tokens:
        return ""
    return f"already within {limit:,} tokens" if limit < offer_.tokens else "nothing shorter was found"


def to_bytes(request: dict[str, Any] | str | bytes) -> bytes:
    """A request as a body.

    Raises:
        MalformedBody: It cannot be written as JSON.
    """
    if isinstance(request, bytes):
        return request
    if isinstance(request, str):
        return request.encode("utf-8", "surrogatepass")
    try:
        return msgspec.json.encode(request)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedBody(f"the request cannot be written as JSON: {error}") from error


def _like(request: dict[str, Any] | str | bytes, body: bytes) -> Any:
    if isinstance(request, bytes):
        return body
    if isinstance(request, str):
        return body.decode()
    return msgspec.json.decode(body)
