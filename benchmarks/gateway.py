"""What the gateway adds to a streamed answer: CPU, time to the first byte, memory, and whether streams stay whole.

python benchmarks/gateway.py [--json FILE] [--quick]

Three processes: a stub provider that answers in 64 chunks, the gateway, and this one. Every figure compares the same
requests sent directly, through the gateway with ``x-sparing-mode: off`` (pass-through, the floor) and with ``on``
(parsed, counted, planned, receipt written), in alternating rounds. CPU is the gateway process's own, user and system,
from /proc; latencies are wall clock of one caller on an idle gateway. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop
from gateway_load import NUM_CHUNKS, Caller, Load, send_all, small_chats

_HERE = Path(__file__).parent
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MODES = ("off", "on")


@dataclass(frozen=True)
class Cpu:
    """CPU of the gateway process, milliseconds per request; medians over rounds."""

    load: str
    off_ms: float
    on_ms: float
    ratio: float


@dataclass(frozen=True)
class FirstByte:
    """Milliseconds until the first event arrives, one caller at a time."""

    direct_p50: float
    direct_p99: float
    off_p50: float
    off_p99: float
    on_p50: float
    on_p99: float
    reduction_p50: float


@contextmanager
def process(*arguments: str) -> Iterator[tuple[int, str]]:
    """A Python process that prints its URL; yields its id and the URL."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child.pid, child.stdout.readline().strip()
        finally:
            child.terminate()
            child.wait(30)


@contextmanager
def stub_and_gateway(*stub_options: str) -> Iterator[tuple[str, str, int, Path]]:
    """URL of a stub, URL and process id of a gateway before it, and where its receipts are."""
    with tempfile.TemporaryDirectory() as folder, process(str(_HERE / "stub_upstream.py"), *stub_options) as (_, stub):
        receipts = Path(folder) / "receipts.sqlite"
        with process(__file__, "--serve", stub, str(receipts)) as (pid, gateway):
            yield stub, gateway, pid, receipts


def serve_gateway(stub_url: str, receipts: Path) -> None:
    """The gateway as `sparing serve` runs it."""
    from sparing.gateway.app import create_app
    from sparing.gateway.serve import serve
    from sparing.gateway.upstreams import make_upstreams
    from sparing.record.writer import Recorder
    from sparing.settings import GatewaySettings, Settings, UpstreamSettings

    upstream = UpstreamSettings(openai_url=stub_url, anthropic_url=stub_url)
    settings = Settings(gateway=GatewaySettings(port=0), upstream=upstream)
    app = create_app(
        settings=settings, upstreams=make_upstreams(settings, receipts.parent), recorder=Recorder(receipts)
    )
    serve(app, settings.gateway, ready=lambda url: print(url, flush=True))


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def rss_bytes(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


def measure_cpu(load: Load, rounds: int) -> tuple[Cpu, int]:
    """CPU per request with mode off and on, and how many answers were broken."""
    spent_ms: dict[str, list[float]] = {mode: [] for mode in MODES}
    broken = 0
    with stub_and_gateway("--chunks", str(NUM_CHUNKS), "--gap-ms", str(load.gap_ms)) as (_, url, pid, _receipts):
        for mode in MODES:  # warm up: vocabulary, connections
            uvloop.run(send_all(url, mode, Load("", 50, 10, 0), seed=-1))
        for turn in range(rounds):
            for mode in MODES if turn % 2 else reversed(MODES):
                before_s = cpu_s(pid)
                broken += uvloop.run(send_all(url, mode, load, seed=turn))
                time.sleep(0.4)  # receipts are written a moment later and belong to the request
                spent_ms[mode].append((cpu_s(pid) - before_s) * 1000 / load.num_requests)
    off, on = (statistics.median(spent_ms[mode]) for mode in MODES)
    ratio = statistics.median(on / off for off, on in zip(spent_ms["off"], spent_ms["on"], strict=True))
    return Cpu(load.name, round(off, 3), round(on, 3), round(ratio, 3)), broken


async def _first_bytes(urls: dict[str, str], num: int) -> dict[str, list[float]]:
    """Milliseconds to the first event, the three ways in turn."""
    draw = random.Random(1)
    bodies = small_chats(num + 20, seed=1)
    times_ms: dict[str, list[float]] = {way: [] for way in urls}
    callers = {way: Caller(url, None if way == "direct" else way) for way, url in urls.items()}
    for caller in callers.values():
        await caller.__aenter__()
    for number, body in enumerate(bodies):
        for way in draw.sample(list(callers), k=len(callers)):
            start_s = time.perf_counter()
            await callers[way].ask(body)
            data = await callers[way].first_event()
            spent_s = time.perf_counter() - start_s
            await callers[way].rest(data)
            if number >= 20:
                times_ms[way].append(spent_s * 1000)
    for caller in callers.values():
        await caller.__aexit__()
    return times_ms


def measure_first_byte(num: int) -> FirstByte:
    with stub_and_gateway("--chunks", str(NUM_CHUNKS), "--gap-ms", "0.5") as (stub, url, _pid, receipts):
        times_ms = uvloop.run(_first_bytes({"direct": stub, "off": url, "on": url}, num))
        time.sleep(0.5)
        reduction_ms = _reduction_ms(receipts, num)
    figures = {}
    for way, values in times_ms.items():
        figures[f"{way}_p50"] = round(statistics.median(values), 3)
        figures[f"{way}_p99"] = round(statistics.quantiles(values, n=100)[98], 3)
    return FirstByte(**figures, reduction_p50=round(statistics.median(reduction_ms), 3))


def _reduction_ms(receipts: Path, num: int) -> list[float]:
    from sparing.record.store import ReceiptStore

    with ReceiptStore(receipts, must_exist=True) as store:
        return [sum(receipt.step_ms.values()) for receipt in store.recent(num)]


async def _hold_open(url: str, num: int, pid: int) -> int:
    """Resident bytes that `num` open, silent streams add."""
    bodies = small_chats(num, seed=2)

    async def opened(number: int) -> Caller:
        caller = await Caller(url, "on").__aenter__()
        await caller.ask(bodies[number])
        await caller.first_event()
        return caller

    warm = await asyncio.gather(*(opened(number) for number in range(20)))
    before = rss_bytes(pid)
    held = [*warm]
    for start in range(0, num, 100):
        held += await asyncio.gather(*(opened(number) for number in range(start, min(start + 100, num))))
    added = rss_bytes(pid) - before
    for caller in held:
        await caller.__aexit__()
    return added


def measure_idle_bytes(num: int) -> int:
    """Resident bytes per open, silent stream."""
    with stub_and_gateway("--hold") as (_, url, pid, _receipts):
        return uvloop.run(_hold_open(url, num, pid)) // num


def run(quick: bool) -> dict[str, Any]:
    scale = 1 if quick else 4
    loads = [
        (Load("burst, 1 caller", 250 * scale, 1, 0.0), 5),
        (Load("burst, 64 callers", 500 * scale, 64, 0.0), 5),
        (Load("burst, 64 callers, no text twice", 500 * scale, 64, 0.0, fresh=True), 5),
        (Load("paced 4 ms, 64 callers", 250 * scale, 64, 4.0), 3),
        (Load("paced 4 ms, 512 callers", 512, 512, 4.0), 3),
    ]
    measured = [(load, rounds, measure_cpu(load, rounds)) for load, rounds in loads]
    num_idle = 500 * scale
    return {
        "cpu": [asdict(cpu) for _, _, (cpu, _) in measured],
        "answers": sum(load.num_requests * rounds * len(MODES) for load, rounds, _ in measured),
        "broken_answers": sum(broken for _, _, (_, broken) in measured),
        "first_byte_ms": asdict(measure_first_byte(300 * scale)),
        "idle_streams": num_idle,
        "bytes_per_idle_stream": measure_idle_bytes(num_idle),
    }


def as_markdown(result: dict[str, Any]) -> str:
    lines = ["| CPU ms per 64-chunk answer | off | on | on / off |", "|---|---|---|---|"]
    lines += [
        f"| {row['load']} | {row['off_ms']:.2f} | {row['on_ms']:.2f} | {row['ratio']:.2f} |" for row in result["cpu"]
    ]
    first = result["first_byte_ms"]
    lines += ["", "| first byte, ms | p50 | p99 | added at p50 |", "|---|---|---|---|"]
    for way in ("direct", *MODES):
        added = first[f"{way}_p50"] - first["direct_p50"]
        lines.append(f"| {way} | {first[f'{way}_p50']:.2f} | {first[f'{way}_p99']:.2f} | {added:.2f} |")
    beyond = first["on_p50"] - first["off_p50"] - first["reduction_p50"]
    idle_kb = result["bytes_per_idle_stream"] / 1000
    lines += [
        "",
        f"Reduction itself: {first['reduction_p50']:.2f} ms at p50; beyond it `on` adds {beyond:.2f} ms to `off`.",
        f"{result['answers']:,} streamed answers of {NUM_CHUNKS} numbered chunks, up to 512 at once:"
        f" {result['broken_answers']} not whole or out of order.",
        f"{result['idle_streams']:,} open, silent streams: {idle_kb:.1f} kB resident each.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="a quarter of the requests")
    parser.add_argument("--serve", nargs=2, metavar=("URL", "RECEIPTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_gateway(options.serve[0], Path(options.serve[1]))
    else:
        figures = run(options.quick)
        print(as_markdown(figures))
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n")
