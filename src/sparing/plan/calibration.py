"""The calibration in force: the user's file, or the one that is shipped. A file that cannot be used is no calibration,
and says why: nothing is left out on its word."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from sparing.core.calibration import EDGES, Calibration, Curve, Likeness, Spread
from sparing.errors import SettingsError

_SHIPPED = "calibration.json"


@lru_cache(maxsize=16)
def calibration_in(file: str = "") -> Calibration:
    """What a file holds, read once per process; "" for the shipped one. Without curves where it cannot be used."""
    try:
        return read_calibration(file)
    except SettingsError as error:
        return Calibration(problem=error.message)


def read_calibration(file: str = "") -> Calibration:
    """What a file holds; "" for the shipped one.

    Raises:
        SettingsError: It cannot be read, or it is no calibration.
    """
    named = file or "the shipped calibration"
    try:
        raw = Path(file).expanduser().read_bytes() if file else files("sparing.plan").joinpath(_SHIPPED).read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"{named} cannot be read: {why}", hint="`sparing calibrate` writes one") from error
    try:
        calibration = msgspec.json.decode(raw, type=Calibration)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{named} is no calibration: {error}", hint="`sparing calibrate` writes one") from error
    for curve in calibration.curves:
        if not _is_sound(curve):
            raise SettingsError(
                f"{named} is no calibration: the curve of {curve.scorer} on {curve.content} contradicts itself",
                hint="`sparing calibrate` writes one",
            )
    return calibration


def _is_sound(curve: Curve) -> bool:
    """Whether levels rise and losses never do, within what n texts can lose."""
    levels, lost, chance = curve.worth, curve.lost, curve.chance
    if not (curve.n > 0 and levels and len(levels) == len(lost) == len(chance) and _is_binned(curve.like)):
        return False
    rising = all(a < b for a, b in zip(levels, levels[1:], strict=False))
    falling = all(a >= b for one in (lost, chance) for a, b in zip(one, one[1:], strict=False))
    return rising and falling and lost[0] <= curve.n and lost[-1] >= 0 and chance[0] <= 1 and chance[-1] >= 0


def _is_binned(like: Likeness) -> bool:
    spreads: dict[str, Spread] = {sign: getattr(like, sign) for sign in EDGES}
    return all(
        len(s.counts) == len(EDGES[sign]) + 1 and min(s.counts) >= 0 < sum(s.counts) for sign, s in spreads.items()
    )
