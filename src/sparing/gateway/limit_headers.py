"""How full a caller's limits are, in the headers that its provider's own clients read."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from sparing.plan.quota.store import Level, Levels

Headers = list[tuple[bytes, bytes]]


def limit_headers(levels: Levels, wire: str, now: datetime | None = None) -> Headers:
    """OpenAI's ``x-ratelimit-*`` or Anthropic's ``anthropic-ratelimit-*``; Gemini has none."""
    told: Headers = []
    for name, level in (("requests", levels.requests), ("tokens", levels.tokens)):
        if level is None or wire == "gemini":
            continue
        told += _anthropic(name, level, now) if wire.startswith("anthropic") else _openai(name, level)
    return told


def _openai(name: str, level: Level) -> Headers:
    values = {"limit": str(level.limit), "remaining": str(level.remaining), "reset": f"{math.ceil(level.reset_s)}s"}
    return [(f"x-ratelimit-{part}-{name}".encode(), value.encode()) for part, value in values.items()]


def _anthropic(name: str, level: Level, now: datetime | None) -> Headers:
    reset = (now or datetime.now(UTC)) + timedelta(seconds=math.ceil(level.reset_s))
    values = {
        "limit": str(level.limit),
        "remaining": str(level.remaining),
        "reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return [(f"anthropic-ratelimit-{name}-{part}".encode(), value.encode()) for part, value in values.items()]
