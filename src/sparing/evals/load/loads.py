"""The loads: how many requests come when, how long their answers are and how fast they are written."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sparing.evals.data import Source, first_file
from sparing.evals.load.arrivals import burst, diurnal, poisson, recorded
from sparing.evals.load.ask import Ask
from sparing.evals.load.drive import Due
from sparing.evals.simulate.arrivals import Arrival, read_trace

TRACE: Final = Source(
    "traces",
    "https://github.com/kvcache-ai/Mooncake",
    "Apache-2.0",
    "mooncake_synthetic.jsonl or another of its traces",
)
TENANTS: Final = "tenants"
_TRACE_FILES = ("mooncake_synthetic.jsonl", "conversation_trace.jsonl", "toolagent_trace.jsonl")
_DIRECT_EVERY = 4  # of so many requests one goes to the stub itself: what it takes without a gateway
_PER_S = 30.0
_FIRST_S, _GAP_S, _TOKENS = 0.25, 0.025, 64
_PREFILL_TOKENS_S = 20_000.0
_MOST_TRACE_TOKENS = 400  # of an answer: the longest would outlast the run
_CROWD_RAMP, _CROWD_GAP_S, _CROWD_DIRECT_EVERY = 0.6, 0.8, 8


@dataclass(frozen=True, slots=True)
class Load:
    """One load.

    Attributes:
        about: What it is, for people.
        lasts_s: From the first request to the last.
    """

    name: str
    about: str
    lasts_s: float
    dues: Sequence[Due]


def make(name: str, data: Path, *, most: int, lasts_s: float, seed: int) -> Load:
    """One of `NAMES`, or `TENANTS`.

    Args:
        data: Folder of the data sets, for the trace.
        most: Requests; ``crowd`` opens so many at once.
    Raises:
        SettingsError: There is no trace.
    """
    draw = random.Random(seed)
    if name == "crowd":
        return _crowd(most, lasts_s, draw)
    per_s = min(_PER_S, most / lasts_s)
    if name == "trace":
        trace = recorded(read_trace(first_file(TRACE, data, _TRACE_FILES)), per_s, lasts_s)
        about = f"arrivals and lengths of a trace, {per_s:.0f} requests a second; tokens of {_GAP_S * 1000:.0f} ms each"
        return Load(name, about, lasts_s, [_due(n, one.at_s, _of_trace(n, one)) for n, one in enumerate(trace)])
    at = _SHAPES[name]
    about = f"{_ABOUT[name]}, {per_s:.0f} requests a second; {_TOKENS} tokens of {_GAP_S * 1000:.0f} ms each"
    dues = [_due(n, at_s, Ask(n, _TOKENS, _FIRST_S, _GAP_S)) for n, at_s in enumerate(at(per_s, lasts_s, draw))]
    return Load(name, about, lasts_s, dues)


_SHAPES: Final[dict[str, Callable[[float, float, random.Random], list[float]]]] = {
    "poisson": poisson,
    "burst": burst,
    "diurnal": diurnal,
    TENANTS: poisson,
}
_ABOUT: Final = {
    "poisson": "independent arrivals",
    "burst": "ten times as many for a fifth of the time",
    "diurnal": "a day: a tenth of the peak, the peak, and back",
    TENANTS: "independent arrivals, each of another of very many tenants",
}
NAMES: Final = ("poisson", "burst", "diurnal", "trace", "crowd")


def _crowd(num_open: int, lasts_s: float, draw: random.Random) -> Load:
    """Streams that come within the first part of the time and all last until its end: so many are open at the gateway.

    One more of eight goes to the stub itself.
    """
    ramp_s, dues = _CROWD_RAMP * lasts_s, []
    for number in range(num_open + num_open // _CROWD_DIRECT_EVERY):
        at_s = ramp_s * draw.random()
        ask = Ask(number, max(2, round((lasts_s - at_s) / _CROWD_GAP_S)), _FIRST_S, _CROWD_GAP_S)
        dues.append(Due(at_s, ask, "gateway" if number < num_open else "direct"))
    about = f"{num_open:,} streams open at once, an event every {_CROWD_GAP_S:g} s in each"
    return Load("crowd", about, lasts_s, sorted(dues, key=lambda due: due.at_s))


def _of_trace(number: int, one: Arrival) -> Ask:
    first_s = _FIRST_S + one.input_tokens / _PREFILL_TOKENS_S
    return Ask(number, max(2, min(one.output_tokens, _MOST_TRACE_TOKENS)), first_s, _GAP_S)


def _due(number: int, at_s: float, ask: Ask) -> Due:
    return Due(at_s, ask, "direct" if number % _DIRECT_EVERY == 0 else "gateway")
