"""What the gateway adds to a streamed answer: CPU, time to the first byte, memory of an open stream.

Every figure compares the same requests with ``x-sparing-mode: off`` (pass-through, the floor) and with ``on`` (parsed,
counted, planned, receipt written), in alternating rounds; times also with the stub alone.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from sparing.evals.load.ask import Ask, chat
from sparing.evals.load.caller import Callers
from sparing.evals.load.processes import Process, gateway, stub
from sparing.evals.load.stream import Stream
from sparing.record.store import ReceiptStore

NUM_EVENTS: Final = 64
MODES: Final = ("off", "on")
_WARM = 50
_SETTLE_S = 0.4  # receipts are written a moment later and belong to the requests
_HELD_GAP_S = 3600.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """The same requests again and again.

    Attributes:
        gap_s: Between events; 0 sends the answer at once, so that many are one read and one write.
        fresh: No conversation comes twice: nothing that was counted once helps again.
    """

    name: str
    num_requests: int
    num_callers: int
    num_rounds: int
    gap_s: float = 0.0
    fresh: bool = False


@contextmanager
def _stub_and_gateway() -> Iterator[tuple[Process, Process, Path]]:
    with tempfile.TemporaryDirectory() as folder, stub() as provider:
        settings = f'[upstream]\nopenai_url = "{provider.url}"\n'
        with gateway(Path(folder), settings) as served:
            yield provider, served, Path(folder) / "receipts.sqlite"


def figures(*, quick: bool) -> dict[str, Any]:
    """All of it; `quick` sends a quarter of the requests."""
    scale = 1 if quick else 4
    rounds = (
        Rounds("burst, 1 caller", 250 * scale, 1, 5),
        Rounds("burst, 64 callers", 500 * scale, 64, 5),
        Rounds("burst, 64 callers, no text twice", 500 * scale, 64, 5, fresh=True),
        Rounds("paced 4 ms, 64 callers", 250 * scale, 64, 3, gap_s=0.004),
        Rounds("paced 4 ms, 512 callers", 512, 512, 3, gap_s=0.004),
    )
    with _stub_and_gateway() as (provider, served, receipts):
        measured = [(one, *_cpu(served, one)) for one in rounds]
        first = _first_bytes(provider, served, receipts, 300 * scale)
    num_idle = 500 * scale
    with _stub_and_gateway() as (_, served, _receipts):
        idle_bytes = uvloop.run(_held_open(served, num_idle)) // num_idle
    return {
        "cpu": [cpu for _, cpu, _ in measured],
        "answers": sum(one.num_requests * one.num_rounds * len(MODES) for one in rounds),
        "broken_answers": sum(broken for _, _, broken in measured),
        "first_byte_ms": first,
        "idle_streams": num_idle,
        "bytes_per_idle_stream": idle_bytes,
    }


def _cpu(served: Process, rounds: Rounds) -> tuple[dict[str, Any], int]:
    """CPU milliseconds per request, medians over rounds, and how many answers were not whole."""
    spent_ms: dict[str, list[float]] = {mode: [] for mode in MODES}
    broken = 0
    warm = Rounds("", _WARM, 10, 1)
    for mode in MODES:
        uvloop.run(_send(served, mode, warm, 0))
    for turn in range(rounds.num_rounds):
        for mode in MODES if turn % 2 else reversed(MODES):
            before_s = served.cpu_s
            broken += uvloop.run(_send(served, mode, rounds, turn + 1))
            time.sleep(_SETTLE_S)
            spent_ms[mode].append((served.cpu_s - before_s) * 1000 / rounds.num_requests)
    off, on = (statistics.median(spent_ms[mode]) for mode in MODES)
    ratio = statistics.median(on / off for off, on in zip(spent_ms["off"], spent_ms["on"], strict=True))
    return {"load": rounds.name, "off_ms": round(off, 3), "on_ms": round(on, 3), "ratio": round(ratio, 3)}, broken


async def _send(served: Process, mode: str, rounds: Rounds, turn: int) -> int:
    """One round; returns how many answers were not whole."""
    callers = Callers(served.url, {"x-sparing-mode": mode})
    # Three turns of each conversation, every turn with those before it, unless nothing may come twice.
    asks = [
        (
            Ask(turn << 32 | (n if rounds.fresh else n // 3), NUM_EVENTS, 0.0, rounds.gap_s),
            1 if rounds.fresh else n % 3 + 1,
        )
        for n in range(rounds.num_requests)
    ]
    pending = iter([(ask, chat(ask, turns=turns)) for ask, turns in asks])
    broken = 0

    async def caller() -> None:
        nonlocal broken
        for ask, body in pending:
            stream = Stream(ask)
            await callers.ask(body, stream)
            broken += stream.verdict() != "whole"

    await asyncio.gather(*(caller() for _ in range(rounds.num_callers)))
    callers.close()
    return broken


def _first_bytes(provider: Process, served: Process, receipts: Path, num: int) -> dict[str, float]:
    """Milliseconds to the first event of one caller at a time: median and 99th percentile, the three ways in turn."""
    times_ms = uvloop.run(_timed(provider, served, num))
    time.sleep(_SETTLE_S)
    with ReceiptStore(receipts, must_exist=True) as store:
        reduction_ms = [sum(receipt.step_ms.values()) for receipt in store.recent(num)]
    told = {}
    for way, values in times_ms.items():
        told[f"{way}_p50"] = round(statistics.median(values), 3)
        told[f"{way}_p99"] = round(statistics.quantiles(values, n=100)[98], 3)
    return {**told, "reduction_p50": round(statistics.median(reduction_ms), 3)}


async def _timed(provider: Process, served: Process, num: int) -> dict[str, list[float]]:
    draw = random.Random(1)
    ways = {"direct": Callers(provider.url)} | {mode: Callers(served.url, {"x-sparing-mode": mode}) for mode in MODES}
    times_ms: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(num + _WARM):
        for way in draw.sample(list(ways), k=len(ways)):
            ask = Ask(1 << 40 | number, NUM_EVENTS, 0.0, 0.0005)
            body, stream, start_ns = chat(ask), Stream(ask), time.monotonic_ns()
            await ways[way].ask(body, stream)
            if number >= _WARM:
                times_ms[way].append((stream.first_ns - start_ns) / 1e6)
    for callers in ways.values():
        callers.close()
    return times_ms


async def _held_open(served: Process, num: int) -> int:
    """Resident bytes that `num` open, silent streams add."""
    callers = Callers(served.url)
    held: list[asyncio.Task[None]] = []

    async def hold(numbers: Sequence[int]) -> None:
        streams = [Stream(Ask(number, 2, 0.0, _HELD_GAP_S)) for number in numbers]
        for number, stream in zip(numbers, streams, strict=True):
            held.append(asyncio.create_task(callers.ask(chat(Ask(number, 2, 0.0, _HELD_GAP_S)), stream)))
        while not all(stream.num_seen for stream in streams):
            await asyncio.sleep(0.02)

    await hold(range(20))
    before = served.rss_bytes
    for start in range(20, 20 + num, 100):
        await hold(range(start, min(start + 100, 20 + num)))
    added = served.rss_bytes - before
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    return added
