"""Curves from traces: losses made monotone, summed, and made isotonic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from sparing.core.calibration import Curve, Likeness
from sparing.evals.calibration.traces import LEVELS, Trace
from sparing.plan.isotonic import never_rising

_RARE = 0.01
_DECILES = 10


def curves_of(traces: Iterable[Trace]) -> tuple[Curve, ...]:
    """One curve per scorer and content type, in the order of their names."""
    by_key: dict[tuple[str, str], list[Trace]] = {}
    for one in traces:
        by_key.setdefault(one.key, []).append(one)
    return tuple(curve_of(by_key[key]) for key in sorted(by_key))


def curve_of(traces: Sequence[Trace]) -> Curve:
    """The curve of traces that share scorer and content type."""
    size = len(traces)
    lost = [sum(column) for column in zip(*map(worst_from_here, traces), strict=True)]
    means = [sum(column) / size for column in zip(*(one.losses for one in traces), strict=True)]
    return Curve(
        scorer=traces[0].scorer,
        content=str(traces[0].content),
        n=size,
        worth=LEVELS,
        lost=tuple(round(total, 4) for total in lost),
        chance=tuple(round(value, 6) for value in never_rising(means)),
        all_or_nothing=all(loss in (0.0, 1.0) for one in traces for loss in one.losses),
        like=_likeness(traces),
    )


def worst_from_here(one: Trace) -> list[float]:
    """At each level the most that it or any higher level loses: risk control needs losses that never rise."""
    return list(accumulate(reversed(one.losses), max))[::-1]


def _likeness(traces: Sequence[Trace]) -> Likeness:
    signs = [one.signs for one in traces]
    scripts = [sign.script for sign in signs if sign.script]
    reach = sorted(sign.reach for sign in signs)
    last = len(reach) - 1
    return Likeness(
        tokens=(min(sign.tokens for sign in signs), max(sign.tokens for sign in signs)),
        most_digits=round(max(sign.digits for sign in signs), 4),
        scripts=tuple(s for s in sorted(set(scripts)) if scripts.count(s) >= _RARE * len(scripts)),
        reach=tuple(round(reach[round(last * k / _DECILES)], 6) for k in range(_DECILES + 1)),
    )
