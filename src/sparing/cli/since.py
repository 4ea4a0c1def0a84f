"""Points in time as people write them: ``7d``, ``12h``, ``2026-01-31``."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import click

_UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_AGE = re.compile(r"([0-9]{1,6})([mhdw])")


def since(text: str) -> float:
    """Unix time, seconds."""
    age = _AGE.fullmatch(text)
    if age:
        return time.time() - int(age[1]) * _UNITS_S[age[2]]
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither an age (30m, 12h, 7d, 2w) nor a day (2026-01-31)") from error
