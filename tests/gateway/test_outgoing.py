"""Where a body is reduced: small ones in the event loop, unless something would hold it up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sparing.core.budget import Budget, Mode
from sparing.core.wire import Wire
from sparing.errors import NeedsThread
from sparing.gateway.controls import Controls
from sparing.gateway.outgoing import prepare
from sparing.gateway.services import Services
from sparing.pipeline import Reduction, reduce_body
from sparing.receive.openai_chat import OpenAIChat
from sparing.record.metrics import Metrics
from sparing.settings import PolicySettings

_BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'
_CONTROLS = Controls(Mode.ON, PolicySettings())


async def _threads(*, heavy: bool, body: bytes = _BODY) -> list[bool]:
    """For each attempt whether it was made in the event loop's thread."""
    loop_thread, seen = threading.get_ident(), []

    def reduce(body: bytes, wire: Wire, policy: PolicySettings, budget: Budget, mode: Mode) -> Reduction:
        seen.append(threading.get_ident() == loop_thread)
        assert budget.deadline.on_loop is seen[-1]
        if heavy and budget.deadline.on_loop:
            raise NeedsThread("the encoder takes milliseconds per passage")
        return reduce_body(body, wire, policy, budget, mode)

    with ThreadPoolExecutor(1) as pool:
        services = replace(_services(), reduce=reduce, pool=pool)
        outgoing = await prepare(body, "", OpenAIChat(), _CONTROLS, services)
    assert outgoing.receipt is not None
    return seen


def _services() -> Services:
    return Services(_CONTROLS, 1_000_000, reduce_body, Metrics(), ThreadPoolExecutor(1))


async def test_a_small_body_is_reduced_in_the_loop() -> None:
    """Once, without a thread."""
    assert await _threads(heavy=False) == [True]


async def test_heavy_work_goes_to_a_thread() -> None:
    """What says that it needs a thread is done again in one."""
    assert await _threads(heavy=True) == [True, False]


async def test_a_big_body_goes_to_a_thread_at_once() -> None:
    """No attempt in the loop."""
    assert await _threads(heavy=True, body=_BODY.replace(b"Hello", b"Hello " * 4000)) == [False]
