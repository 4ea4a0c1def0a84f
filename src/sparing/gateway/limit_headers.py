"""How full a caller's limits are, in the headers that its provider's own clients read."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from sparing.plan.quota.store import Level, Levels

Headers = list[tuple[bytes, bytes]]


def limit_headers(levels: Levels, wire: str, now: datetime | None = None) -> Headers:
    """OpenAI's ``x-ratelimit-*`` or Anthropic's ``anthropic-ratelimit-*``; Gemini has none."""
    told: Headers = []
    for name, level in ((b"requests", levels.requests), (b"tokens", levels.tokens)):
        if level is None or wire == "gemini":
            continue
        told += _anthropic(name, level, now) if wire.startswith("anthropic") else _openai(name, level)
    return told


def _openai(name: bytes, level: Level) -> Headers:
    return [
        (b"x-ratelimit-limit-" + name, b"%d" % level.limit),
        (b"x-ratelimit-remaining-" + name, b"%d" % level.remaining),
        (b"x-ratelimit-reset-" + name, b"%ds" % math.ceil(level.reset_s)),
    ]


def _anthropic(name: bytes, level: Level, now: datetime | None) -> Headers:
    reset = (now or datetime.now(UTC)) + timedelta(seconds=math.ceil(level.reset_s))
    return [
        (b"anthropic-ratelimit-%b-limit" % name, b"%d" % level.limit),
        (b"anthropic-ratelimit-%b-remaining" % name, b"%d" % level.remaining),
        (b"anthropic-ratelimit-%b-reset" % name, reset.strftime("%Y-%m-%dT%H:%M:%SZ").encode()),
    ]
