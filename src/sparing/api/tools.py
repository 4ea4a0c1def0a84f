"""Tool definitions, shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sparing.api.arguments import to_bytes
from sparing.settings.policy import Effort
from sparing.tokens.models import DEFAULT_MODEL, counter_for
from sparing.toolset.memo import shortened


@dataclass(frozen=True, slots=True)
class ReducedTools:
    """Tool definitions and what they cost; `tools` has the form and the order of what came."""

    tools: list[dict[str, Any]]
    tokens_before: int
    tokens_after: int
    exact: bool


def reduce_tools(
    tools: Sequence[dict[str, Any]],
    *,
    effort: Effort = "balanced",
    model: str = DEFAULT_MODEL,
    pins: Sequence[str] = (),
) -> ReducedTools:
    """Shorten tool definitions; every call that was valid before is valid after, and no other.

    Args:
        tools: In the form of OpenAI (chat or responses), Anthropic or Gemini; others come back as they are.
        effort: ``safe``, ``balanced`` or ``max``.
        model: Whose tokens to count, of minified JSON before and after.
        pins: A description that contains one of these stays as it is.
    Raises:
        MalformedBody: A definition cannot be written as JSON.
    """
    counter = counter_for(model)
    before = [to_bytes(tool).decode() for tool in tools]
    after = [min(text, shortened(text, effort, tuple(pins)), key=counter.count) for text in before]
    decoded = [msgspec.json.decode(text) for text in after]
    return ReducedTools(decoded, sum(map(counter.count, before)), sum(map(counter.count, after)), counter.exact)
