"""Every fault at once, for minutes: providers that fail in every way, clocks that jump, callers that leave.

A request may end in its own whole answer, in an error that says so, or in its own answer cut short by one. Nothing
else: no event of another's, none missing or twice, no silence, no end without a word.
"""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvloop

from sparing.evals.load.arrivals import burst
from sparing.evals.load.ask import Ask, chat
from sparing.evals.load.caller import Callers
from sparing.evals.load.config import config, key_header
from sparing.evals.load.drive import Drive, Due, Sent, drive
from sparing.evals.load.faults import FAULTS
from sparing.evals.load.poison import poison
from sparing.evals.load.processes import Process, gateway, get, start_stub

PER_S: Final = 25.0
_TENANTS, _TOKENS = 3, 24
_FIRST_S, _GAP_S = 0.05, 0.02
_SPEEDS = (1.0, 10.0, 1.0, 0.1)  # of gaps and first tokens, one after the other
_SPEED_LASTS_S, _FIRST_KILL_S, _KILL_EVERY_S, _POISON_EVERY_S, _DOWN_S = 7.0, 3.0, 15.0, 1.0, 1.0
_FAULTY, _STUBBORN, _REPEATED, _SAME_CALLER, _LEAVES = 0.35, 0.3, 0.3, 0.7, 0.05  # shares
_MANY_TRIES = 99
_WITHIN_S = 60.0
_QUIET_S = 15.0
_WAYS = ("", "", "small", "large", "router", "cascade")
_MORE = """
[upstream]
idle_timeout_s = 1.5
connect_timeout_s = 2.0
[resilience]
retry_wait_s = 0.5
hedge_percent = 5.0
breaker_open_s = 0.5
[cache]
mode = "exact"
store = "sqlite"
"""
_MODULE: Final = "sparing.evals.load.jumping_clock"
_PORT = re.compile(r"http://[\d.:]+ ")
_SUSPECT: Final = frozenset({"lost", "crossed"})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a chaos run ended.

    Attributes:
        by_fault: What was asked of the stub -> how the answers ended -> how many.
        lost, crossed: Answers that were; what exactly is in `troubles`.
        from_cache: Answers that came from a cache, or from a call that another request made.
        kills, poisoned: Upstreams killed, rows of the cache spoiled.
        still_open: Requests that the gateway still counts as open when all callers are gone.
        still_reserved: What quotas still have set aside then.
        rss_bytes: Of the gateway, before and after.
        told: What error events said, the most frequent.
    """

    num: int
    wall_s: float
    by_fault: Mapping[str, Mapping[str, int]]
    lost: int
    crossed: int
    from_cache: int
    kills: int
    poisoned: int
    still_open: int
    still_reserved: int
    rss_bytes: tuple[int, int]
    troubles: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


def chaos(lasts_s: float, seed: int = 0) -> Ended:
    """Run it."""
    with tempfile.TemporaryDirectory() as folder:
        stubs = [start_stub(), start_stub()]
        try:
            settings = config(
                [one.url for one in stubs], num_tenants=_TENANTS, quota=f"{folder}/quota.sqlite", more=_MORE
            )
            with gateway(Path(folder), settings, launcher=_MODULE) as served:
                return uvloop.run(_Chaos(Path(folder), served, stubs, seed).run(lasts_s))
        finally:
            for one in stubs:
                one.kill()


def dues(lasts_s: float, draw: random.Random) -> list[Due]:
    """What is asked: some of it faulty, some of it asked before by the same tenant or another."""
    made: list[Due] = []
    for number, at_s in enumerate(burst(PER_S, lasts_s, draw)):
        headers = _headers(draw.randrange(_TENANTS), draw.choice(_WAYS))
        before = draw.choice(made) if made and draw.random() < _REPEATED else None
        if before is not None and not before.ask.fault:
            same = draw.random() < _SAME_CALLER
            made.append(Due(at_s, before.ask, "gateway", headers=before.headers if same else headers))
            continue
        fault = draw.choice(FAULTS) if draw.random() < _FAULTY else ""
        tries = _MANY_TRIES if draw.random() < _STUBBORN else 1
        speed = _SPEEDS[int(at_s / _SPEED_LASTS_S) % len(_SPEEDS)]
        ask = Ask(number, _TOKENS, _FIRST_S * speed, _GAP_S * speed, fault, tries if fault else 0)
        leaves = draw.randrange(1, _TOKENS) if draw.random() < _LEAVES else 0
        made.append(Due(at_s, ask, "gateway", leave_after=leaves, headers=headers))
    return made


def judged(sent: Sequence[Sent]) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """By fault, how answers ended; and what was wrong with those that were lost or crossed."""
    by_fault: dict[str, Counter[str]] = {}
    troubles: Counter[str] = Counter()
    tenant_of: dict[str, bytes] = {}
    for one in sent:
        ended, trouble = _ended(one), one.stream.trouble or one.error
        whose = _tenant(one.due.headers)
        if one.stream.call and tenant_of.setdefault(one.stream.call, whose) != whose:
            ended, trouble = "crossed", "one answer of the stub went to two tenants"
        by_fault.setdefault(one.due.ask.fault or "none", Counter())[ended] += 1
        if ended in _SUSPECT:
            troubles[f"{one.due.ask.fault or 'none'}: {trouble or 'it ended without an end'}"] += 1
    return by_fault, troubles


def _ended(one: Sent) -> str:
    verdict = one.stream.verdict()
    if verdict in _SUSPECT:
        return verdict
    if one.due.leave_after and one.stream.num_seen >= one.due.leave_after:
        return "left"
    if one.error:
        return "lost"
    return "lost" if verdict == "cut" else verdict  # it ended without a word of why


class _Chaos:
    def __init__(self, folder: Path, served: Process, stubs: list[Process], seed: int) -> None:
        self._folder, self._served, self._stubs = folder, served, stubs
        self._draw = random.Random(seed)
        self._kills = self._poisoned = 0

    async def run(self, lasts_s: float) -> Ended:
        callers = {"gateway": Callers(self._served.url)}
        run, before, begun_s = Drive(), self._served.rss_bytes, time.monotonic()
        beside = [asyncio.create_task(self._kill()), asyncio.create_task(self._poison())]
        await drive(dues(lasts_s, self._draw), callers, lambda due: chat(due.ask), within_s=_WITHIN_S, seen=run)
        for task in beside:
            task.cancel()
        ended = await asyncio.gather(*beside, return_exceptions=True)
        failed = [one for one in ended if isinstance(one, Exception)]
        if failed:
            raise failed[0]
        callers["gateway"].close()
        wall_s = time.monotonic() - begun_s
        still_open, still_reserved = await self._quiet()
        by_fault, troubles = judged(run.sent)
        calls = Counter(one.stream.call for one in run.sent if one.stream.call)
        return Ended(
            num=len(run.sent),
            wall_s=wall_s,
            by_fault={fault: dict(counts) for fault, counts in sorted(by_fault.items())},
            lost=sum(counts["lost"] for counts in by_fault.values()),
            crossed=sum(counts["crossed"] for counts in by_fault.values()),
            from_cache=sum(num - 1 for num in calls.values()),
            kills=self._kills,
            poisoned=self._poisoned,
            still_open=still_open,
            still_reserved=still_reserved,
            rss_bytes=(before, self._served.rss_bytes),
            troubles=dict(troubles),
            told=dict(Counter(_words(one.stream.told) for one in run.sent if one.stream.told).most_common(10)),
        )

    async def _kill(self) -> None:
        """One upstream after the other dies at once and comes back a moment later."""
        await asyncio.sleep(_FIRST_KILL_S)
        while True:
            at = self._kills % len(self._stubs)
            self._stubs[at].kill()
            self._kills += 1
            await asyncio.sleep(_DOWN_S)
            port = int(self._stubs[at].url.rpartition(":")[2])
            self._stubs[at] = await asyncio.shield(asyncio.to_thread(start_stub, port))
            await asyncio.sleep(_KILL_EVERY_S)

    async def _poison(self) -> None:
        while True:
            await asyncio.sleep(_POISON_EVERY_S)
            self._poisoned += await asyncio.to_thread(poison, self._folder / "answers.sqlite", self._draw)

    async def _quiet(self) -> tuple[int, int]:
        """Requests open and reservations held once it should be quiet."""
        until_s = time.monotonic() + _QUIET_S
        while True:
            held = self._open(), self._reserved()
            if held == (0, 0) or time.monotonic() > until_s:
                return held
            await asyncio.sleep(0.2)

    def _open(self) -> int:
        lines = get(f"{self._served.url}/metrics").splitlines()
        return int(next(float(line.split()[1]) for line in lines if line.startswith("sparing_open_requests ")))

    def _reserved(self) -> int:
        with closing(sqlite3.connect(self._folder / "quota.sqlite", timeout=5.0)) as connection:
            num: int = connection.execute("select count(*) from reservations").fetchone()[0]
            return num


def _words(told: str) -> str:
    """Without the port, which is another every time."""
    return _PORT.sub("", told)


def _headers(tenant: int, tier: str) -> bytes:
    named = {**key_header(tenant), **({"x-sparing-tier": tier} if tier else {})}
    return "".join(f"{name}: {value}\r\n" for name, value in named.items()).encode()


def _tenant(headers: bytes) -> bytes:
    return headers.partition(b"\r\n")[0]
