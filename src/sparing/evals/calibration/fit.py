"""Examples -> a calibration, ready to be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from sparing.core.calibration import Calibration, Sourced
from sparing.core.ladder import Skip
from sparing.evals.calibration.examples import Example, by_source, digest_of
from sparing.evals.calibration.fitted import curves_of
from sparing.evals.calibration.traces import Trace, trace_by_tiers

Traced = Callable[[Example], Trace | list[Trace] | Skip]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and what could not be used.

    Attributes:
        skipped: Why a text has no ladder -> how many of them.
    """

    calibration: Calibration
    traces: tuple[Trace, ...]
    skipped: Mapping[str, int]


def fit(
    examples: Sequence[Example],
    licences: Mapping[str, str] = {},
    step: Callable[[], None] = lambda: None,
    traced: Traced = trace_by_tiers,
) -> Fitted:
    """Curves for every scorer and content type among the examples; `step` is called after each.

    Args:
        traced: What each level of worth loses of an example, by every scorer that it is asked about.
    """
    traces: list[Trace] = []
    skipped = Counter[str]()
    for example in examples:
        found = traced(example)
        if isinstance(found, Skip):
            skipped[found.reason] += 1
        else:
            traces += [found] if isinstance(found, Trace) else found
        step()
    sources = tuple(
        Sourced(name, digest_of(some), len(some), licences.get(name, "")) for name, some in by_source(examples).items()
    )
    made = datetime.now(UTC).date().isoformat()
    return Fitted(Calibration(made, sources, curves_of(traces)), tuple(traces), skipped)


def as_json(calibration: Calibration) -> bytes:
    """As it is written: a curve to the line, so that what changed can be seen."""
    head = msgspec.json.encode(msgspec.structs.replace(calibration, curves=())).removesuffix(
        b',"curves":[],"problem":""}'
    )
    lines = b",\n".join(map(msgspec.json.encode, calibration.curves))
    return head + b',"curves":[\n' + lines + b"\n]}\n"
