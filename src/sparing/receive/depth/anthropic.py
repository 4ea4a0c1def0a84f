"""Anthropic's requests: a budget of tokens for thought, or an effort where the model itself decides how much.

What the provider asks for (platform.claude.com, "Extended thinking" and "Effort", looked up on 2026-11-26): a budget is
at least 1,024 and less than max_tokens; thought goes with no temperature but 1, no top_k and no forced tool; and as
long as a call of a tool is open, thought is neither turned on nor off: signed blocks of it are in the history, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from sparing.receive.depth.body import Body
from sparing.receive.depth.levels import BUDGETS
from sparing.settings.policies import Reasoning

_OFF = '{"type":"disabled"}'
_LEAST_TOKENS = 1024
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_FORCED = frozenset({"any", "tool"})


class _Messages(msgspec.Struct):
    messages: list[msgspec.Raw] = []


class _Message(msgspec.Struct):
    role: Any = None
    content: Any = None


def set_budget(form: Body, level: Reasoning, *, may_raise: bool) -> None:
    """Set the tokens of thought; of a request that cannot have any, none."""
    tokens = form.number("thinking", "budget_tokens") or 0
    thinks = form.word("thinking", "type") == "enabled"
    history = _open_loop(form)
    if forbids_thought(form) or history == "unthought":
        level = "none"
    if level == "none":
        if thinks and history != "thought":
            form.put(_OFF, "thinking")
        return
    most, wanted = form.number("max_tokens"), BUDGETS[level]
    if not thinks or tokens < wanted:
        # Raised: then half of what the answer may have is left for the answer.
        wanted = min(wanted, int(most or 0) // 2)
        if not may_raise or history == "thought" or wanted < max(_LEAST_TOKENS, tokens):
            return
    if thinks:
        form.put(str(wanted), "thinking", "budget_tokens")
    else:
        form.put(f'{{"type":"enabled","budget_tokens":{wanted}}}', "thinking")


def set_effort(form: Body, level: Reasoning) -> None:
    """Set the effort; none turns thought off, and an effort beyond high with it, which would not go together."""
    if level != "none":
        if form.word("thinking", "type") == "disabled":
            form.put('{"type":"adaptive"}', "thinking")
        form.put(f'"{level}"', "output_config", "effort")
    elif _open_loop(form) != "thought":
        form.put(_OFF, "thinking")
        if form.word("output_config", "effort") in ("xhigh", "max"):
            form.put('"high"', "output_config", "effort")


def forbids_thought(form: Body) -> bool:
    """Whether something else in the request cannot be had together with a budget of thought."""
    temperature = form.number("temperature")
    sampled = (temperature is not None and temperature != 1) or form.get("top_k") is not None
    return sampled or form.word("tool_choice", "type") in _FORCED


def _open_loop(form: Body) -> Literal["", "thought", "unthought"]:
    """Whether calls of tools are being answered, and if so whether the turn that made them began with thought."""
    try:
        messages = msgspec.json.decode(form.raw, type=_Messages).messages
        newest, before = (msgspec.json.decode(one, type=_Message) for one in messages[:-3:-1])
    except (msgspec.DecodeError, ValueError):
        return ""
    if before.role != "assistant" or "tool_result" not in _kinds(newest.content):
        return ""
    return "unthought" if _THOUGHTS.isdisjoint(_kinds(before.content)) else "thought"


def _kinds(content: object) -> Sequence[object]:
    return [block.get("type") for block in content if isinstance(block, dict)] if isinstance(content, list) else []
