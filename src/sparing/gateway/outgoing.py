"""From the body that came to the body that goes out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial

import msgspec
from msgspec.structs import replace as replace_struct

from sparing.core.budget import Mode
from sparing.core.receipt import Receipt
from sparing.core.wire import Wire
from sparing.errors import BudgetExceeded, NeedsThread, RequestError
from sparing.gateway.controls import Controls
from sparing.gateway.services import Reduce, Services
from sparing.gateway.summarising import Summarising
from sparing.pipeline import Reduction

# Below this a reduction takes less time than handing it to a thread and back under load. One that takes more says so.
IN_LOOP_BYTES = 16 * 1024
# The pipeline keeps its deadline where it can; what it cannot interrupt (one giant literal being counted, or waiting
# for a thread behind such a one) ends here for the caller.
PATIENCE = 4


class Outgoing(msgspec.Struct, frozen=True):
    """A body to send, and what was done to get it.

    Attributes:
        receipt: As the pipeline wrote it; None when nothing was measured, and `reason` says why.
        own_tools: Names of the tools of ours that the body offers.
        elided: The texts that it holds less than all of.
        left_out_tools: Definitions of the tools that it leaves to a search.
    """

    body: bytes
    original: bytes
    model: str = ""
    stream: bool = False
    receipt: Receipt | None = None
    reason: str = ""
    own_tools: frozenset[str] = frozenset()
    elided: tuple[str, ...] = ()
    left_out_tools: tuple[str, ...] = ()


async def prepare(
    body: bytes,
    encoding: str,
    wire: Wire,
    controls: Controls,
    services: Services,
    summarising: Summarising | None = None,
) -> Outgoing:
    """Reduce a body, if that is what the controls ask for.

    Args:
        encoding: The request's content-encoding.
        summarising: Has old results summarised; None where the policy does not allow it.
    Raises:
        RequestError: The body or the budget cannot be used, in mode on; an audit never refuses.
    """
    if controls.mode is Mode.OFF:
        return Outgoing(body, body, reason="mode off")
    if encoding not in ("", "identity"):
        return Outgoing(body, body, reason="the body is compressed")
    try:
        reduction = await _reduce(body, wire, controls, services, summarising)
        if summarising is not None and reduction.wanted:
            await summarising.ask_for(reduction.wanted, reduction.model)
            reduction = await _reduce(body, wire, controls, services, summarising)
    except TimeoutError:
        allowed_ms = controls.policy.deadline_ms
        reason = f"the reduction took longer than {allowed_ms * PATIENCE:,} ms, {PATIENCE} times its {allowed_ms:,} ms"
        if controls.mode is Mode.ON and controls.budget_tokens is not None and controls.budget_is != "soft":
            raise RequestError(reason, hint="raise x-sparing-deadline-ms, or send no x-sparing-budget") from None
        return Outgoing(body, body, reason=reason)
    except RequestError as error:
        if controls.mode is Mode.ON:
            raise
        return Outgoing(body, body, reason=f"not measured: {error.message}")
    return Outgoing(
        body if reduction.body == body else reduction.body,  # one and the same: what is done to it is done once
        body,
        reduction.model,
        reduction.stream,
        _watched(reduction, services),
        own_tools=frozenset(reduction.own_tools),
        elided=reduction.elided,
        left_out_tools=reduction.left_out_tools,
    )


def _watched(reduction: Reduction, services: Services) -> Receipt:
    """The receipt, with what has drifted; the request's own texts are looked at first."""
    for content in services.drift.observe(reduction.floors):
        services.metrics.drifted(content)
    drifted = services.drift.drifted
    told = reduction.receipt
    return replace_struct(told, drifted=drifted) if drifted and told.risk else told


async def _reduce(
    body: bytes, wire: Wire, controls: Controls, services: Services, summarising: Summarising | None
) -> Reduction:
    reduce = services.reduce
    if summarising is not None:
        reduce = partial(reduce, summaries=summarising.known)
    if len(body) < IN_LOOP_BYTES:
        with suppress(NeedsThread):
            return _within(controls, body, wire, reduce, on_loop=True)
    async with asyncio.timeout(controls.policy.deadline_ms * PATIENCE / 1000):
        return await asyncio.get_running_loop().run_in_executor(services.pool, _within, controls, body, wire, reduce)


def _within(controls: Controls, body: bytes, wire: Wire, reduce: Reduce, *, on_loop: bool = False) -> Reduction:
    """Reduced to the budget; to as little as it gets where that cannot be held and the budget is soft."""
    budget = controls.budget(on_loop=on_loop)
    try:
        return reduce(body, wire, controls.policy, budget, controls.mode)
    except BudgetExceeded as error:
        if controls.budget_is != "soft":
            raise
        least = replace(budget, input_tokens=error.needed_tokens)
        return reduce(body, wire, controls.policy, least, controls.mode)
