"""A tool's answer that is worth reducing."""

from __future__ import annotations

_LINES = [
    f"2026-01-01 12:{n // 60:02}:{n % 60:02} INFO worker {n % 7} finished batch {n} in {n % 90} ms" for n in range(600)
]
_LINES[300] = "2026-01-01 12:05:00 ERROR disk /dev/sda1 is full"
LOG = "\n".join(_LINES)
