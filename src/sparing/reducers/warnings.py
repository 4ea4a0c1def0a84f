"""Sentences that keep a reader from harm: warnings, and what must never be done. They count even if nobody asks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

_WARNS = re.compile(
    r"(?<!\w)(?:WARNING|CAUTION|DANGER|RECALL|Warning|Caution|Danger|ACHTUNG|WARNUNG"
    r"|VORSICHT|GEFAHR|RÜCKRUF|Achtung|Warnung|Vorsicht|Gefahr|ADVERTENCIA|PELIGRO|Advertencia|Peligro|AVERTISSEMENT"
    r"|Avertissement|ATTENTION|Attention|ATTENZIONE|PERICOLO|Attenzione|ATENÇÃO|PERIGO|ВНИМАНИЕ|ОПАСНО|Внимание)(?!\w)"
    r"|警告|危险|危険"
)
_FORBIDS = re.compile(
    r"(?<!\w)(?:[Nn]ever|NEVER|[Mm]ust not|MUST NOT|Do not|DO NOT|[Nn]iemals|darf nicht|dürfen nicht|[Nn]unca|никогда"
    r"|запрещено|нельзя)(?!\w)|禁止|严禁|切勿"
)
_WARNING, _FORBIDDEN = 3.0, 1.0  # beside 1 for the mean unit


def warning_scores(text: str, bounds: Sequence[int]) -> list[float]:
    """What each unit ``text[bounds[i]:bounds[i + 1]]`` is worth as a warning; 0 for most."""
    scores = [0.0] * (len(bounds) - 1)
    for pattern, score in ((_FORBIDS, _FORBIDDEN), (_WARNS, _WARNING)):
        for match in pattern.finditer(text, bounds[0], bounds[-1]):
            scores[bisect_right(bounds, match.start()) - 1] = score
    return scores
