"""What gives way as a limit comes near: how much material is sent, how long the answer gets, how much is thought.

What stands in the provider's cache is not touched. Another effort would change what earlier turns sent, so it is only
for the first turn of a conversation; so is less thinking where the provider makes that part of what it caches.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, get_args

from sparing.core.budget import Mode
from sparing.gateway.controls import Controls
from sparing.receive.knobs import Caps, Knobs
from sparing.settings.policies import Reasoning, UnderPressure
from sparing.settings.policy import Effort

_EFFORTS: Final[tuple[Effort, ...]] = get_args(Effort)
_REASONING: Final[tuple[Reasoning, ...]] = get_args(Reasoning)
# In a JSON string these quotes would carry backslashes.
_ANSWERED = re.compile(
    rb'"role"\s*:\s*"(?:assistant|model)"|"type"\s*:\s*"(?:function_call|reasoning)"|"previous_response_id"\s*:\s*"'
)


def is_first_turn(body: bytes) -> bool:
    """Whether a conversation has no answer of the model's yet."""
    return _ANSWERED.search(body) is None


def eased_controls(controls: Controls, then: UnderPressure, body: bytes) -> tuple[Controls, list[str]]:
    """The controls under pressure, and what that changes, in words."""
    effort = then.effort_after(controls.policy.effort)
    if controls.mode is not Mode.ON or controls.policy.effort == "off":
        return controls, []
    if _EFFORTS.index(effort) <= _EFFORTS.index(controls.policy.effort) or not is_first_turn(body):
        return controls, []
    return controls.with_effort(effort), [f"effort {effort}"]


def eased_caps(caps: Caps, then: UnderPressure, knobs: Knobs, wire: str, body: bytes) -> tuple[Caps, list[str]]:
    """The caps under pressure, and what that changes, in words."""
    changes: list[str] = []
    least = min((one for one in (caps.answer_tokens, knobs.answer_tokens) if one is not None), default=None)
    tokens, reasoning = then.answer_tokens, then.reasoning
    if tokens is not None and (least is None or tokens < least):
        caps = replace(caps, answer_tokens=tokens)
        changes.append(f"answer of at most {tokens:,} tokens")
    if reasoning is None or not knobs.thinks or not _is_less(reasoning, caps.reasoning):
        return caps, changes
    if wire == "anthropic.messages" and not is_first_turn(body):
        return caps, changes
    return replace(caps, reasoning=reasoning), [*changes, f"reasoning at most {reasoning}"]


def _is_less(one: Reasoning, other: str | None) -> bool:
    return other not in _REASONING or _REASONING.index(one) < _REASONING.index(other)
