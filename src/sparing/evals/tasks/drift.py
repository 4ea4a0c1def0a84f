"""Row 22, beside the promise: how soon is it seen that texts are no longer like the calibrated, and how often wrongly?

Prose of public data calibrates a detector with one half. Calm streams are the other half, in random order: an alarm is
false. Changed streams go over to texts of another kind, or to the same ones with scores that are spread otherwise, from
the first text on or after hundreds of calm ones.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

from msgspec.structs import replace

from sparing.core.calibration import Signs
from sparing.core.ladder import Skip
from sparing.evals.calibration.fitted import likeness_of
from sparing.evals.calibration.public import examples
from sparing.evals.calibration.traces import trace
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw
from sparing.guard.drift import LIMIT, Detector

_SETS = ("xquad", "nq", "qmsum", "tatqa")
_CALM = (0, 500)  # texts before the change
_MOST = 1000  # texts after it that are looked at
_TIMES = 1.5


@dataclass(frozen=True, slots=True)
class Seen:
    """Streams that changed.

    Attributes:
        median, ninth: Texts from the change to the alarm: in half and in nine tenths of the streams at most so many.
        within_200: Share of the streams with an alarm within 200 texts of the change.
    """

    change: str
    calm: int
    median: int
    ninth: int
    within_200: float


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """`draw.n` streams of each kind."""
    found = examples(draw.data_dir, ("train", "validation", "test"), _SETS)
    signs: dict[str, list[Signs]] = {}
    with track("drift: texts", len(found)) as progress:
        for example in found:
            seen = trace(example)
            if not isinstance(seen, Skip):
                signs.setdefault(f"{example.source}, {seen.content}", []).append(seen.signs)
            progress.step()
    prose = signs.pop("xquad, prose")
    changes: Mapping[str, Sequence[Signs]] = {
        **{name: some for name, some in signs.items() if len(some) >= _MOST // 10},
        **_spread_otherwise(prose),
    }
    false = sum(_false_alarm(prose, seed) for seed in range(draw.n))
    rows = [_seen(name, prose, some, calm, draw.n) for name, some in changes.items() for calm in _CALM]
    per_stream = len(prose) - len(prose) // 2
    return Report(
        "drift",
        "Drift: false alarms, and texts until an alarm",
        (
            Table(
                "",
                ("change", "calm texts before", "median", "nine tenths within", "within 200"),
                tuple(
                    (r.change, str(r.calm), str(r.median), str(r.ninth), f"{100 * r.within_200:.0f} %") for r in rows
                ),
            ),
        ),
        notes=(
            f"False alarms: {false} in {draw.n} calm streams of {per_stream:,} texts; promised: on average at most "
            f"{draw.n * per_stream / LIMIT:.1f}.",
            f"Calibrated on {len(prose) // 2:,} texts of XQuAD in twelve languages.",
        ),
        data={
            "row": 22,
            "streams": draw.n,
            "false_alarms": false,
            "texts": per_stream,
            "seen": [asdict(r) for r in rows],
        },
    )


def _spread_otherwise(prose: Sequence[Signs]) -> dict[str, list[Signs]]:
    """The same texts, but that half of their worth is held by more or less of them, or by shares that differ more or
    less from text to text."""
    median = statistics.median(one.reach for one in prose)
    ways: dict[str, Callable[[float], float]] = {
        "spread over 1.5 times as much": lambda reach: _TIMES * reach,
        "spread over 1.5 times less": lambda reach: reach / _TIMES,
        "its spread differs 1.5 times as much": lambda reach: median * (reach / median) ** _TIMES,
        "its spread differs 1.5 times less": lambda reach: median * (reach / median) ** (1 / _TIMES),
    }
    return {f"worth, {way}": [replace(one, reach=min(1.0, to(one.reach))) for one in prose] for way, to in ways.items()}


def _false_alarm(prose: Sequence[Signs], seed: int) -> bool:
    order = random.Random(seed).sample(prose, len(prose))
    detector = Detector(likeness_of(order[: len(order) // 2]), seed)
    return any(detector.observe(one) > LIMIT for one in order[len(order) // 2 :])


def _seen(name: str, prose: Sequence[Signs], changed: Sequence[Signs], calm: int, streams: int) -> Seen:
    delays = sorted(_delay(prose, changed, calm, seed) for seed in range(streams))
    within = sum(delay <= 200 for delay in delays) / streams
    return Seen(name, calm, delays[streams // 2], delays[min(streams - 1, streams * 9 // 10)], within)


def _delay(prose: Sequence[Signs], changed: Sequence[Signs], calm: int, seed: int) -> int:
    """Texts from the change to the alarm; one too early counts as none."""
    rng = random.Random(seed)
    order = rng.sample(prose, len(prose))
    half = len(order) // 2
    detector = Detector(likeness_of(order[:half]), seed)
    stream = chain(rng.choices(order[half:], k=calm), rng.choices(changed, k=_MOST))
    for place, one in enumerate(stream, 1):
        if detector.observe(one) > LIMIT:
            return place - calm if place > calm else _MOST
    return _MOST


BENCH = Bench("drift", 22, "drift: false alarms, and texts until an alarm", 200, measure)
