"""Curves from traces: losses made monotone, summed, and made isotonic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from statistics import fmean

from sparing.core.calibration import EDGES, Curve, Likeness, Signs, Spread, bin_of
from sparing.evals.calibration.traces import LEVELS, Trace
from sparing.plan.isotonic import never_rising

_RARE = 0.01
_SOME, _MANY = 0.005, 0.25  # mean losses at which it shows whether they come in groups
_HAIR = 1e-9


def curves_of(traces: Iterable[Trace]) -> tuple[Curve, ...]:
    """One curve per scorer and content type, in the order of their names."""
    by_key: dict[tuple[str, str], list[Trace]] = {}
    for one in traces:
        by_key.setdefault(one.key, []).append(one)
    return tuple(curve_of(by_key[key]) for key in sorted(by_key))


def curve_of(traces: Sequence[Trace]) -> Curve:
    """The curve of traces that share scorer and content type."""
    size = len(traces)
    worst = list(map(worst_from_here, traces))
    lost = [sum(column) for column in zip(*worst, strict=True)]
    effect = design_effect(worst, [(one.example.source, one.example.group) for one in traces])
    alone = max(1, int(size / effect))  # texts that would tell as much
    shares = [total / effect for total in lost]
    exact = all(loss in (0.0, 1.0) for one in traces for loss in one.losses)
    means = [sum(column) / size for column in zip(*(one.losses for one in traces), strict=True)]
    return Curve(
        scorer=traces[0].scorer,
        content=str(traces[0].content),
        n=alone,
        num_texts=size,
        worth=LEVELS,
        lost=tuple(min(alone, math.ceil(share - _HAIR) if exact else round(share, 4)) for share in shares),
        chance=tuple(round(value, 6) for value in never_rising(means)),
        all_or_nothing=exact,
        like=likeness_of([one.signs for one in traces]),
    )


def worst_from_here(one: Trace) -> list[float]:
    """At each level the most that it or any higher level loses: risk control needs losses that never rise."""
    return list(accumulate(reversed(one.losses), max))[::-1]


def design_effect(losses: Sequence[Sequence[float]], groups: Sequence[Hashable]) -> float:
    """How many texts tell as much as one independent one would: questions about one article fail together.

    The variance of the mean loss between groups over what it would be between independent texts (Kish 1965, "Survey
    sampling", section 8.2), as an average over levels at which some
    texts lose something and most do not; at least 1.

    Args:
        losses: Of every text, at every level.
        groups: What every text belongs to.
    """
    places: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    if not 1 < len(places) < len(losses):
        return 1.0
    effects = []
    for column in zip(*losses, strict=True):
        mean = fmean(column)
        alone = sum((loss - mean) ** 2 for loss in column)
        if _SOME <= mean <= _MANY and alone:
            together = sum(sum(column[place] - mean for place in some) ** 2 for some in places.values())
            effects.append(together * len(places) / (len(places) - 1) / alone)
    return max(1.0, fmean(effects)) if effects else 1.0


def likeness_of(signs: Sequence[Signs]) -> Likeness:
    """What these have in common."""
    scripts = [sign.script for sign in signs if sign.script]
    return Likeness(
        scripts=tuple(s for s in sorted(set(scripts)) if scripts.count(s) >= _RARE * len(scripts)),
        tokens=_spread("tokens", [sign.tokens for sign in signs]),
        reach=_spread("reach", [sign.reach for sign in signs]),
        half_tokens=_spread("half_tokens", [sign.half_tokens for sign in signs]),
        digits=_spread("digits", [sign.digits for sign in signs]),
    )


def _spread(sign: str, values: Sequence[float]) -> Spread:
    found = Counter(bin_of(sign, value) for value in values)
    return Spread(min(values), max(values), tuple(found[place] for place in range(len(EDGES[sign]) + 1)))
