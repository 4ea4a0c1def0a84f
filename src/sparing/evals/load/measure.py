"""One load, sent to a gateway and in part to the stub behind it, in numbers."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import uvloop

from sparing.evals.load.ask import Ask, chat
from sparing.evals.load.caller import Callers
from sparing.evals.load.config import key_header
from sparing.evals.load.drive import Drive, Due, Sent, drive
from sparing.evals.load.loads import Load
from sparing.evals.load.processes import Process, get

_WITHIN_S = 180.0
_WARM, _WARM_TAG = 60, 1 << 40
_SAMPLE_EVERY_S = 0.25
_BUCKET = re.compile(r'^sparing_decision_cpu_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_SHARES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Way:
    """What callers of one way saw; milliseconds at the median, the 90th and the 99th percentile.

    Attributes:
        first_ms: From when a request was due to its first token, less what the stub was asked to take.
        event_ms: From when the stub sent an event to when the caller read it.
        verdicts: How many answers were what (`stream.Verdict`).
    """

    num: int
    first_ms: tuple[float, ...]
    event_ms: tuple[float, ...]
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """One load.

    Attributes:
        most_open: Requests open at once, both ways.
        cpu_ms: Of the gateway process, per request.
        cpu_us_per_event: Likewise, per event that it passed on.
        busy: CPU seconds per second of wall clock: gateway, stub, callers.
        waited: Seconds a second that the gateway was ready to run and other processes had the cores.
        rss_bytes: Of the gateway: before the load, and at most.
        bytes_per_stream: What it grew by, per request open there at that moment.
        decision_us: CPU of a decision, median and 99th percentile, as the gateway measured it; nan without decisions.
        late_ms: How late callers sent their requests, 99th percentile: the load's own doing.
        troubles: What was wrong with answers, with how often; empty where nothing was.
        tokens_before, tokens_after: Of all prompts, as the gateway counted.
    """

    load: str
    about: str
    direct: Way
    gateway: Way
    most_open: int
    wall_s: float
    cpu_ms: float
    cpu_us_per_event: float
    busy: Mapping[str, float]
    waited: float
    rss_bytes: tuple[int, int]
    bytes_per_stream: float
    decision_us: tuple[float, float]
    late_ms: float
    troubles: Mapping[str, int] = field(default_factory=dict)


def measure(load: Load, stub: Process, gateway: Process, tenants: Sequence[int] = (0,)) -> Figures:
    """Send a load; the gateway has been started with `config.config`.

    Args:
        tenants: Whose requests they are, in turn.
    """
    return uvloop.run(_measure(load, stub, gateway, tenants))


async def _measure(load: Load, stub: Process, gateway: Process, tenants: Sequence[int]) -> Figures:
    keys = [_key(tenant) for tenant in tenants]
    ways = {"direct": Callers(stub.url), "gateway": Callers(gateway.url)}
    warm = [Due(n * 0.02, Ask(_WARM_TAG + n, 4), way, headers=keys[0]) for n in range(_WARM) for way in ways]
    await drive(warm, ways, _body, within_s=_WITHIN_S)
    dues = [Due(due.at_s, due.ask, due.way, headers=keys[due.ask.tag % len(keys)]) for due in load.dues]
    run, decided = Drive(), _buckets(gateway)
    rss_before = gateway.rss_bytes
    watch = asyncio.create_task(_watch(gateway, run, rss_before))
    before, begun_s, waited_s = _cpu(stub, gateway), time.monotonic(), gateway.waited_s
    await drive(dues, ways, _body, within_s=_WITHIN_S, seen=run)
    wall_s = time.monotonic() - begun_s
    await asyncio.sleep(0.5)  # receipts are written a moment later and belong to the requests
    spent = {name: after - before[name] for name, after in _cpu(stub, gateway).items()}
    watch.cancel()
    rss_most, per_stream = await watch
    for callers in ways.values():
        callers.close()
    through = [one for one in run.sent if one.due.way == "gateway"]
    num_events = max(1, sum(one.stream.num_seen for one in through))
    return Figures(
        load=load.name,
        about=load.about,
        direct=_way([one for one in run.sent if one.due.way == "direct"]),
        gateway=_way(through),
        most_open=run.most_open,
        wall_s=wall_s,
        cpu_ms=1000 * spent["gateway"] / max(1, len(through)),
        cpu_us_per_event=1e6 * spent["gateway"] / num_events,
        busy={name: cpu_s / wall_s for name, cpu_s in spent.items()},
        waited=(gateway.waited_s - waited_s) / wall_s,
        rss_bytes=(rss_before, rss_most),
        bytes_per_stream=per_stream,
        decision_us=_decision_us(decided, _buckets(gateway)),
        late_ms=_at(sorted(one.late_ns for one in run.sent), 0.99) / 1e6,
        troubles=dict(Counter(trouble for one in run.sent if (trouble := one.stream.trouble or one.error))),
    )


def _body(due: Due) -> bytes:
    return chat(due.ask)


def _key(tenant: int) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in key_header(tenant).items()).encode()


def _cpu(stub: Process, gateway: Process) -> dict[str, float]:
    return {"gateway": gateway.cpu_s, "stub": stub.cpu_s, "callers": time.process_time()}


async def _watch(gateway: Process, run: Drive, before: int) -> tuple[int, float]:
    """Until cancelled: the most resident bytes, and the growth per request that was open at the fullest moment."""
    most, fullest, per_stream = before, 0, 0.0
    try:
        while True:
            await asyncio.sleep(_SAMPLE_EVERY_S)
            rss, num_open = gateway.rss_bytes, run.num_open_by["gateway"]
            most = max(most, rss)
            if num_open > fullest:
                fullest, per_stream = num_open, (rss - before) / num_open
    except asyncio.CancelledError:
        return most, per_stream


def _way(sent: Sequence[Sent]) -> Way:
    first = sorted(one.first_ns / 1e6 - one.due.ask.first_s * 1000 for one in sent if one.first_ns)
    lags = sorted(lag / 1e6 for one in sent for lag in one.stream.lags_ns)
    verdicts = dict(Counter(str(one.stream.verdict()) for one in sent))
    return Way(
        len(sent), tuple(_at(first, share) for share in _SHARES), tuple(_at(lags, share) for share in _SHARES), verdicts
    )


def _at(rising: Sequence[float], share: float) -> float:
    return rising[min(len(rising) - 1, int(share * len(rising)))] if rising else float("nan")


def _buckets(gateway: Process) -> dict[float, float]:
    """Decisions by CPU seconds, cumulated, so far."""
    return {float(bound): float(num) for bound, num in _BUCKET.findall(get(f"{gateway.url}/metrics"))}


def _decision_us(before: Mapping[float, float], after: Mapping[float, float]) -> tuple[float, float]:
    counted = [(bound, num - before.get(bound, 0.0)) for bound, num in sorted(after.items())]
    return 1e6 * _quantile(counted, 0.5), 1e6 * _quantile(counted, 0.99)


def _quantile(cumulated: Sequence[tuple[float, float]], share: float) -> float:
    """By straight lines within a bucket, as Prometheus does."""
    wanted = share * cumulated[-1][1] if cumulated else 0.0
    low, below = 0.0, 0.0
    for bound, num in cumulated:
        if num >= wanted and num > below:
            return low + (min(bound, 10 * low or bound) - low) * (wanted - below) / (num - below)
        low, below = bound, num
    return float("nan")
