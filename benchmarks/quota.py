"""What a quota costs: CPU per decision, bytes per tenant, and whether racing processes ever get more than there is.

python benchmarks/quota.py                     # about a minute
python benchmarks/quota.py --json figures.json

CPU is that of the thread that decides, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import Any

from sparing.core.receipt import Receipt
from sparing.gateway.admission import Admission
from sparing.gateway.counts import Counts
from sparing.gateway.desk import Desk
from sparing.gateway.exchange import Exchange
from sparing.gateway.outgoing import Outgoing
from sparing.plan.callers import KeyRing
from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.sqlite import SqliteQuota
from sparing.plan.quota.store import Ask, Bounds, Granted, QuotaStore, Scope
from sparing.settings import load_settings
from sparing.settings.tenants import KeySettings, ProjectSettings, TenantSettings

_MANY = 10**12
SCOPES = tuple(
    Scope(name, Bounds(_MANY, _MANY, _MANY, _MANY, _MANY))
    for name in ("tenant a", "project a/b", "key a/b/c", "policy p")
)
KEY = "sk-sparing-benchmark"
TOML = f"""
[policies.support]
answer_tokens = 500
usd_per_request = 0.5
usd_per_day = 1e6
[upstream]
openai_url = "http://127.0.0.1:9"
[tenants.a]
tokens_per_minute = 1_000_000_000
usd_per_month = 1e6
policy = "support"
[tenants.a.projects.b]
requests_per_minute = 1_000_000_000
[tenants.a.projects.b.keys.c]
sha256 = "{sha256(KEY.encode()).hexdigest()}"
streams = 1_000_000
"""


_REPEATS = 5


def spread(times_us: list[float]) -> dict[str, float]:
    """Of all times, and of the best of every five in a row: what interrupts the thread costs it CPU as well."""
    cuts = statistics.quantiles(times_us, n=100)
    best = [min(times_us[at : at + _REPEATS]) for at in range(0, len(times_us), _REPEATS)]
    return {
        "p50_us": round(cuts[49], 1),
        "p99_us": round(cuts[98], 1),
        "best_of_5_p99_us": round(statistics.quantiles(best, n=100)[98], 1),
    }


def reserve_and_settle(store: QuotaStore, num: int) -> dict[str, float]:
    """CPU of setting aside and settling, both together, in four scopes."""
    times_us = []
    for number in range(num + 500):
        begun_ns = time.thread_time_ns()
        result = store.reserve(SCOPES, Ask(1000, 1000, 800, 800))
        assert isinstance(result, Granted)
        store.settle(result.reservation, 900, 900)
        if number >= 500:
            times_us.append((time.thread_time_ns() - begun_ns) / 1000)
    return spread(times_us)


def same_work(rounds: int, num: int) -> dict[str, float]:
    """CPU of work that is always the same: what its slowest hundredth takes longer is the machine's doing."""
    times_us = []
    for _ in range(num):
        begun_ns = time.thread_time_ns()
        for number in range(rounds):
            [number, rounds].count(number)
        times_us.append((time.thread_time_ns() - begun_ns) / 1000)
    return spread(times_us)


def body_of(num_bytes: int) -> bytes:
    text = "please compare the plan for the second quarter with what we said " * (num_bytes // 65 + 1)
    messages = [{"role": "user", "content": text[:num_bytes]}]
    return json.dumps({"model": "gpt-4o", "max_tokens": 900, "messages": messages}).encode()


async def whole_admission(store: QuotaStore, num: int, body: bytes) -> dict[str, float]:
    """CPU of all that is done to let a request in, but for its reduction: key, policy, pressure, ceiling, quota."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sparing.toml"
        file.write_text(TOML)
        settings = load_settings(file, {})
    desk = Desk(settings, Counts(store), {})
    headers = [(b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")]
    scope = {"path": "/v1/chat/completions", "query_string": b"", "headers": headers}
    receipt = Receipt("r", 0.0, "openai.chat", "gpt-4o", "on", 900, 700, True, "", (), {})
    times_us = []
    for number in range(num + 200):
        begun_ns = time.thread_time_ns()
        exchange = Exchange("openai.chat")
        admission = Admission(desk, desk.caller(scope), scope, body, exchange, generates=True)
        admission.eased(admission.controls)
        await admission.admitted(Outgoing(admission.body, admission.body, "gpt-4o", False, receipt))
        exchange.status = 200
        admission.settle()
        if number >= 200:
            times_us.append((time.thread_time_ns() - begun_ns) / 1000)
    return spread(times_us)


def bytes_per_tenant(num: int) -> dict[str, int]:
    """Bytes of Python objects per tenant with a project and a key: settings, keys, counts of active and idle."""
    now_s = [1.8e9]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tenants = {
        f"tenant-{number}": TenantSettings(
            tokens_per_minute=1000,
            projects={"web": ProjectSettings(keys={"k": KeySettings(sha256=f"{number:064x}", requests_per_minute=9)})},
        )
        for number in range(num)
    }
    configured = tracemalloc.get_traced_memory()[0]
    ring = KeyRing(tenants)
    known = tracemalloc.get_traced_memory()[0]
    store = MemoryQuota(lambda: now_s[0])
    for number in range(num):
        result = store.reserve((Scope(f"tenant {number}", Bounds(1000)),), Ask(10))
        assert isinstance(result, Granted)
        store.settle(result.reservation, 10, 0)
    active = tracemalloc.get_traced_memory()[0]
    now_s[0] += 100
    for _ in range(num):
        store.settle(store.reserve((SCOPES[0],), Ask(1)).reservation, 1, 0)  # type: ignore[union-attr]
    idle = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert ring is not None
    return {
        "settings": (configured - before) // num,
        "keys": (known - configured) // num,
        "active": (active - known) // num,
        "idle": max(idle - known, 0) // num,
    }


def _racer(path: str, start: Any, tokens: int, num: int, results: Any) -> None:
    store = SqliteQuota(Path(path))
    start.wait()
    scope = (Scope("tenant a", Bounds(tokens_per_minute=100_000)),)
    asks = [store.reserve(scope, Ask(tokens, 0, tokens)) for _ in range(num)]
    results.put(sum(tokens for result in asks if isinstance(result, Granted)))
    store.close()


def race(num_processes: int) -> dict[str, Any]:
    """Processes at one file, each asking for odd amounts, together for more than there is."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "q.sqlite")
        SqliteQuota(Path(path)).close()
        start, results = context.Event(), context.Queue()
        racers = [
            context.Process(target=_racer, args=(path, start, 61 + number, 40, results))
            for number in range(num_processes)
        ]
        for racer in racers:
            racer.start()
        begun_s = time.perf_counter()
        start.set()
        used = sum(results.get(timeout=120) for _ in racers)
        spent_s = time.perf_counter() - begun_s
        for racer in racers:
            racer.join()
    asked = sum((61 + number) * 40 for number in range(num_processes))
    return {"processes": num_processes, "asked": asked, "limit": 100_000, "used": used, "seconds": round(spent_s, 2)}


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        sqlite = SqliteQuota(Path(folder) / "q.sqlite")
        figures: dict[str, Any] = {
            "same_work_short": same_work(200, 20_000),
            "same_work_long": same_work(1000, 5000),
            "memory": reserve_and_settle(MemoryQuota(), 20_000),
            "sqlite": reserve_and_settle(sqlite, 5000),
            "admission_memory": {
                f"{size}": asyncio.run(whole_admission(MemoryQuota(), 3000, body_of(size)))
                for size in (1000, 10_000, 100_000)
            },
            "admission_sqlite": {"1000": asyncio.run(whole_admission(sqlite, 1000, body_of(1000)))},
        }
    return {**figures, "bytes_per_tenant": bytes_per_tenant(100_000), "race": race(64)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    options = parser.parse_args()
    result = run()
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
