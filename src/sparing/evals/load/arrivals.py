"""When requests come, whoever is still being answered: open-loop arrivals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence

from sparing.evals.simulate.arrivals import Arrival

_TENFOLD = 10
_BURST = 0.4, 0.6  # of the time
_LEAST_OF_DAY = 0.1  # of the peak


def poisson(per_s: float, length_s: float, draw: random.Random) -> list[float]:
    """Seconds at which requests come, independently of each other."""
    return list(_thinned(lambda _at_s: 1.0, per_s, length_s, draw))


def burst(per_s: float, length_s: float, draw: random.Random) -> list[float]:
    """The same, but for a fifth of the time ten times as many come as in the rest; `per_s` is the average."""
    first, last = (share * length_s for share in _BURST)
    base = 1 / (1 + (_TENFOLD - 1) * (_BURST[1] - _BURST[0]))

    def rate(at_s: float) -> float:
        return 1.0 if first <= at_s < last else 1 / _TENFOLD

    return list(_thinned(rate, per_s * base * _TENFOLD, length_s, draw))


def diurnal(per_s: float, length_s: float, draw: random.Random) -> list[float]:
    """A day in `length_s`: from a tenth of the peak to the peak and back; `per_s` is the average."""

    def rate(at_s: float) -> float:
        return _LEAST_OF_DAY + (1 - _LEAST_OF_DAY) * (1 - math.cos(2 * math.pi * at_s / length_s)) / 2

    return list(_thinned(rate, per_s * 2 / (1 + _LEAST_OF_DAY), length_s, draw))


def recorded(trace: Sequence[Arrival], per_s: float, length_s: float) -> list[Arrival]:
    """The beginning of a trace, faster or slower, so that `per_s` requests come in a second on average."""
    num = min(len(trace), round(per_s * length_s))
    first_s, last_s = trace[0].at_s, trace[num - 1].at_s
    stretch = length_s / max(last_s - first_s, 1e-9)
    return [
        Arrival((one.at_s - first_s) * stretch, one.input_tokens, one.output_tokens, one.blocks) for one in trace[:num]
    ]


def _thinned(
    rate: Callable[[float], float], most_per_s: float, length_s: float, draw: random.Random
) -> Iterator[float]:
    """A Poisson process of varying rate (a share of the most, 0..1), by thinning: Lewis and Shedler 1979."""
    at_s = draw.expovariate(most_per_s)
    while at_s < length_s:
        if draw.random() < rate(at_s):
            yield at_s
        at_s += draw.expovariate(most_per_s)
