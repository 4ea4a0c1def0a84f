"""Sending requests when they are due, to the gateway and some of them to the stub itself, and keeping what came."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sparing.evals.load.ask import Ask
from sparing.evals.load.caller import Callers
from sparing.evals.load.stream import Stream


@dataclass(frozen=True, slots=True)
class Due:
    """One request and when it is to be sent.

    Attributes:
        way: Which callers send it.
        leave_after: The caller hangs up after so many events; 0: never.
    """

    at_s: float
    ask: Ask
    way: str
    leave_after: int = 0
    headers: bytes = b""


@dataclass(slots=True)
class Sent:
    """One request, and what came of it.

    Attributes:
        late_ns: How much later than it was due it was sent: the load's own doing, not the gateway's.
        first_ns: From when it was due to the first event with text; 0 if there was none.
        error: Why there was no answer.
    """

    due: Due
    stream: Stream
    late_ns: int = 0
    first_ns: int = 0
    error: str = ""


@dataclass(slots=True)
class Drive:
    """All requests of one run.

    Attributes:
        num_open_by: Requests that are open now, by the way they went.
        most_open: Most requests that were open at once.
    """

    sent: list[Sent] = field(default_factory=list)
    num_open_by: Counter[str] = field(default_factory=Counter)
    most_open: int = 0


Body = Callable[[Due], bytes]


async def drive(
    dues: Sequence[Due],
    ways: dict[str, Callers],
    body_of: Body,
    *,
    within_s: float,
    seen: Drive | None = None,
) -> Drive:
    """Send every request when it is due, whatever became of those before, and wait for all answers.

    Args:
        dues: In order of time.
        within_s: Longest wait for one answer.
        seen: Filled in on the way, for whoever watches.
    """
    run = seen if seen is not None else Drive()
    begun_ns = time.monotonic_ns()
    tasks: set[asyncio.Task[None]] = set()
    with _few_collections():
        for due in dues:
            body = body_of(due)
            due_ns = begun_ns + int(due.at_s * 1e9)
            wait_s = (due_ns - time.monotonic_ns()) / 1e9
            await asyncio.sleep(max(wait_s, 0.0))
            task = asyncio.create_task(_one(due, due_ns, body, ways[due.way], within_s, run))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if tasks:
            await asyncio.wait(tasks)
    return run


async def _one(due: Due, due_ns: int, body: bytes, callers: Callers, within_s: float, run: Drive) -> None:
    sent = Sent(due, Stream(due.ask), time.monotonic_ns() - due_ns)
    run.sent.append(sent)
    run.num_open_by[due.way] += 1
    run.most_open = max(run.most_open, run.num_open_by.total())
    try:
        await callers.ask(body, sent.stream, leave_after=due.leave_after, headers=due.headers, within_s=within_s)
    except TimeoutError:
        sent.error = f"no end within {within_s:g} s"
    except OSError as error:
        sent.error = f"{type(error).__name__}: {error}"
    finally:
        run.num_open_by[due.way] -= 1
        sent.first_ns = sent.stream.first_ns - due_ns if sent.stream.first_ns else 0


@contextmanager
def _few_collections() -> Iterator[None]:
    """No search for cycles within what was there before: it would stand in every latency."""
    gc.freeze()
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
