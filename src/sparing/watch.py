"""Milliseconds per verb."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Watch:
    """Each `lap` adds the time since the last one to its step."""

    step_ms: dict[str, float] = field(default_factory=dict)
    _last_s: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        now_s = time.perf_counter()
        self.step_ms[step] = round(self.step_ms.get(step, 0.0) + (now_s - self._last_s) * 1000, 3)
        self._last_s = now_s
