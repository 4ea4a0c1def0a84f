"""One text, reduced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sparing.api.arguments import check_share
from sparing.api.texts import Reduced, reduce_texts
from sparing.at_risk import Terms
from sparing.errors import RequestError
from sparing.plan.calibration import read_calibration
from sparing.plan.risk import Asked
from sparing.settings.policy import RISK_CONFIDENCE, Select
from sparing.tokens.models import DEFAULT_MODEL


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
    confidence: float = RISK_CONFIDENCE,
    calibration_file: str = "",
    larger_tier: bool = False,
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
        larger_tier: Where the risk needs more than the budget, let the selector's larger tiers judge: they mostly keep
            it with fewer tokens.
    Raises:
        BudgetExceeded: What is pinned, or what the risk needs, does not fit the budget.
        SettingsError: The calibration cannot be read.
        RequestError: A bad argument.
    """
    return reduce_texts(
        [(name, text)],
        query=query,
        budget=budget,
        keep=keep,
        kind=kind,
        model=model,
        part=part,
        pins=pins,
        deadline_s=deadline_s,
        select=select,
        terms=_terms(risk, confidence, calibration_file, larger_tier=larger_tier) if risk else None,
    )[0]


async def areduce_text(text: str, **options: Any) -> Reduced:
    """`reduce_text` in a worker thread, so that the event loop keeps turning."""
    return await asyncio.to_thread(reduce_text, text, **options)


def _terms(risk: float, confidence: float, calibration_file: str, *, larger_tier: bool) -> Terms:
    check_share("risk", risk)
    if not 0 <= confidence < 1:
        raise RequestError(f"confidence is {confidence!r}", hint="it is 0 or more, and less than 1")
    return Terms(Asked(risk, confidence), read_calibration(calibration_file), larger_tier=larger_tier)
