"""A whole request, reduced."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec

from sparing import registry
from sparing.api.arguments import check_budget, check_share, to_bytes
from sparing.core.budget import Budget, Mode
from sparing.core.deadline import Deadline
from sparing.core.receipt import Receipt
from sparing.core.wire import Wire
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.tokens.models import DEFAULT_MODEL
from sparing.warm import warm_up


@dataclass(frozen=True, slots=True)
class ReducedRequest:
    """A request body of the shape it came in (dict, str or bytes), and the account of what was done."""

    body: Any
    receipt: Receipt


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
    check_budget(budget)
    check_share("risk", risk)
    policy = msgspec.structs.replace(policy or PolicySettings(), most_tools=0)
    warm_up(DEFAULT_MODEL)  # before the clock starts: loading must not use up the first request's deadline
    limits = Budget(input_tokens=budget, deadline=Deadline.after(policy.deadline_ms / 1000), risk=risk)
    adapter: Wire = registry.load("wires", wire)
    reduction = reduce_body(to_bytes(request), adapter, policy, limits, Mode(policy.mode))
    return ReducedRequest(_like(request, reduction.body), reduction.receipt)


async def areduce(request: dict[str, Any] | str | bytes, **options: Any) -> ReducedRequest:
    """`reduce` in a worker thread."""
    return await asyncio.to_thread(reduce, request, **options)


def _like(request: dict[str, Any] | str | bytes, body: bytes) -> Any:
    if isinstance(request, bytes):
        return body
    if isinstance(request, str):
        return body.decode()
    return msgspec.json.decode(body)
