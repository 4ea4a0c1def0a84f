"""Row 15 under load: a gateway with tiers, a policy and tenants before a stub provider, and callers that check."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from sparing.errors import SettingsError
from sparing.evals.load import loads
from sparing.evals.load.chaos import chaos
from sparing.evals.load.chaos_report import chaos_report
from sparing.evals.load.config import config
from sparing.evals.load.measure import Figures, measure
from sparing.evals.load.processes import gateway, stub
from sparing.evals.load.report import report
from sparing.evals.progress import track
from sparing.evals.report import Report
from sparing.evals.task import Bench, Draw

_MINUTES: Final = 0.75
_CHAOS: Final = "chaos"
_CHAOS_MINUTES: Final = 3.0
_OPEN: Final = 5_000
_TENANTS, _VERY_MANY_TENANTS = 200, 100_000


def run(draw: Draw, _names: tuple[str, ...]) -> Report:
    """One load after the other, or the one that the option names, each with processes of its own; or ``chaos``.

    `draw.n` is the most requests of a load, and how many streams ``crowd`` opens.

    Raises:
        SettingsError: There is no such load, no trace, or a process does not start.
    """
    if draw.option == _CHAOS:
        ended = chaos(60 * (draw.minutes or _CHAOS_MINUTES), draw.seed)
        return chaos_report(f"load:{_CHAOS}", ended)
    if draw.option and draw.option not in (*loads.NAMES, loads.TENANTS):
        known = ", ".join((*loads.NAMES, loads.TENANTS, _CHAOS))
        raise SettingsError(f"no load is called {draw.option!r}", hint=f"there are {known}")
    names = (draw.option,) if draw.option else loads.NAMES
    found = []
    with track("load", len(names)) as progress:
        for name in names:
            progress.show(name)
            found.append(_measured(name, draw))
            progress.step()
    return report(f"load:{draw.option}" if draw.option else "load", found)


def _measured(name: str, draw: Draw) -> Figures:
    lasts_s = 60 * (draw.minutes or _MINUTES)
    load = loads.make(name, draw.data_dir, most=draw.n, lasts_s=lasts_s, seed=draw.seed)
    num_tenants = _VERY_MANY_TENANTS if name == loads.TENANTS else _TENANTS
    with (
        tempfile.TemporaryDirectory() as folder,
        stub() as provider,
        gateway(Path(folder), config((provider.url,), num_tenants=num_tenants)) as served,
    ):
        return measure(load, provider, served, range(num_tenants))


BENCH = Bench("load", 15, "The gateway under load", _OPEN, run)
