"""Models that can be told how much to think, one row each: by which field, how much, and how much if told nothing.

Looked up on 2026-11-26 in the providers' own documentation and client packages (openai 3.54, anthropic 2.12,
google-genai 3.6, mistralai 3.7); a row says so where it rests on less. A model without a row takes no such field as far
as anybody here knows, and is not sent one. Levels that only some models know (xhigh, max) are a caller's to ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Final, Literal

from sparing.settings.policies import Reasoning

# How a level is written in a request:
#   effort: `reasoning_effort` in Chat Completions, `reasoning.effort` in Responses
#   reasoning: `reasoning.effort` in every OpenAI-shaped format (OpenRouter)
#   toggle: `thinking.type`, and beside it an effort (DeepSeek)
#   template: `chat_template_kwargs.enable_thinking` of an open model's template
#   budget: `thinking.budget_tokens`
#   adaptive: `output_config.effort`, and `thinking.type` to turn it off
#   level, tokens: `thinkingConfig.thinkingLevel`, `thinkingConfig.thinkingBudget`
Dial = Literal["effort", "reasoning", "toggle", "template", "budget", "adaptive", "level", "tokens"]

_LMH: Final[tuple[Reasoning, ...]] = ("low", "medium", "high")
_NLMH: Final[tuple[Reasoning, ...]] = ("none", *_LMH)
_MLMH: Final[tuple[Reasoning, ...]] = ("minimal", *_LMH)
_SWITCH: Final[tuple[Reasoning, ...]] = ("none", "high")
_OPEN = ("vllm", "sglang", "llama.cpp")


@dataclass(frozen=True, slots=True)
class Reasoner:
    """A family of models.

    Attributes:
        sellers: Who is paid, as the price table and the settings call them.
        models: Globs of names, without their maker and in lower case.
        levels: That it takes, weakest first.
        default: Of a request that says nothing; None where that is not known.
        bare_chat: Whether Chat Completions takes it only in requests without tools.
    """

    sellers: tuple[str, ...]
    models: tuple[str, ...]
    dial: Dial
    levels: tuple[Reasoning, ...]
    default: Reasoning | None
    bare_chat: bool = False


# The first that matches counts, so names that are longer stand first.
REASONERS: Final = (
    # developers.openai.com/api/docs/guides/reasoning and .../deployment-checklist. Of the GPT-6 family only 6.1 Sol's
    # default was found, in reports of users (medium, and neither none nor minimal).
    Reasoner(("openai",), ("gpt-6.1-*",), "effort", _LMH, "medium", bare_chat=True),
    Reasoner(("openai",), ("gpt-6-astra*",), "effort", _LMH, None, bare_chat=True),
    Reasoner(("openai",), ("gpt-6-*",), "effort", _NLMH, None, bare_chat=True),
    Reasoner(("openai",), ("gpt-5*-pro*", "gpt-5*-chat*"), "effort", (), None),
    Reasoner(("openai",), ("gpt-5.5*", "gpt-5.6*"), "effort", _NLMH, None),
    Reasoner(("openai",), ("gpt-5.1-codex*", "gpt-5-codex*"), "effort", _LMH, "medium"),
    Reasoner(("openai",), ("gpt-5.1*", "gpt-5.2*", "gpt-5.4*"), "effort", _NLMH, "none"),
    Reasoner(("openai",), ("gpt-5", "gpt-5-20*", "gpt-5-mini*", "gpt-5-nano*"), "effort", _MLMH, "medium"),
    Reasoner(("openai",), ("o1", "o1-20*", "o3", "o3-20*", "o3-mini*", "o4-mini*"), "effort", _LMH, "medium"),
    # platform.claude.com: "Extended thinking", "Effort". 4.7 and later refuse a budget; who cannot be told not to think
    # at all, and what holds without a word, is the model's own.
    Reasoner(("anthropic",), ("claude-opus-5-5*",), "adaptive", _LMH, "medium"),
    Reasoner(("anthropic",), ("claude-sonnet-5-5*",), "adaptive", _LMH, "high"),
    Reasoner(("anthropic",), ("claude-haiku-5-5*",), "adaptive", _NLMH, "medium"),
    Reasoner(("anthropic",), ("claude-fable-*", "claude-mythos-*"), "adaptive", _LMH, None),
    Reasoner(("anthropic",), ("claude-opus-5*",), "adaptive", _NLMH, "high"),
    Reasoner(("anthropic",), ("claude-sonnet-5*",), "adaptive", _NLMH, None),
    Reasoner(("anthropic",), ("claude-*-4-[678]*",), "adaptive", _NLMH, "none"),
    Reasoner(
        ("anthropic",),
        ("claude-3-7-sonnet*", "claude-sonnet-4*", "claude-opus-4*", "claude-haiku-4*"),
        "budget",
        _NLMH,
        "none",
    ),
    # ai.google.dev/gemini-api/docs/thinking, docs.cloud.google.com "Thinking". From 3.5 on a budget is an error.
    Reasoner(("google", "gemini"), ("gemini-2.5-pro*",), "tokens", _LMH, "high"),
    Reasoner(("google", "gemini"), ("gemini-2.5-flash-lite*",), "tokens", _NLMH, "none"),
    Reasoner(("google", "gemini"), ("gemini-2.5-flash*",), "tokens", _NLMH, "high"),
    Reasoner(("google", "gemini"), ("gemini-3-pro*",), "level", ("low", "high"), "high"),
    Reasoner(("google", "gemini"), ("gemini-3.1-pro*",), "level", _LMH, "high"),
    Reasoner(("google", "gemini"), ("gemini-3.1-flash-lite*",), "level", _MLMH, None),
    Reasoner(("google", "gemini"), ("gemini-3-flash*",), "level", _MLMH, "high"),
    Reasoner(("google", "gemini"), ("gemini-3.[78]-flash", "gemini-3.[78]-flash-0*"), "level", _LMH, "medium"),
    # docs.mistral.ai and its client package. Magistral always thinks: `prompt_mode` picks a system prompt.
    Reasoner(("mistral",), ("mistral-small-latest", "mistral-small-26*"), "effort", _SWITCH, "none"),
    Reasoner(("mistral",), ("mistral-medium-3-5*",), "effort", _SWITCH, "none"),
    # api-docs.deepseek.com/guides/thinking_mode: medium means high there.
    Reasoner(
        ("deepseek",), ("deepseek-v4*", "deepseek-flash*", "deepseek-pro*"), "toggle", ("none", "low", "high"), "high"
    ),
    # openrouter.ai/docs, "Reasoning tokens": one field for all; what holds without it is the model's own.
    Reasoner(
        ("openrouter",),
        ("gpt-[56]*", "o[134]*", "claude-*-[45]*", "claude-3.7*", "gemini-2.5*", "gemini-3*", "deepseek-v4*", "qwen3*"),
        "reasoning",
        _NLMH,
        None,
    ),
    # Templates of open models: gpt-oss reads a level, Qwen3 (but for its -instruct and -coder) a switch.
    Reasoner((*_OPEN, "ollama"), ("gpt-oss*",), "effort", _LMH, "medium"),
    Reasoner(_OPEN, ("qwen3*instruct*", "qwen3*coder*"), "template", (), None),
    Reasoner(_OPEN, ("qwen3*",), "template", _SWITCH, "high"),
    Reasoner(("ollama",), ("qwen3*", "deepseek-r1*"), "effort", _SWITCH, "high"),
)

_ADAPTERS: Final[dict[str, Dial]] = {"anthropic.messages": "budget", "gemini": "level"}
_LONGEST_NAME = 256  # a caller's field: what is remembered of it must not grow


@lru_cache(maxsize=1024)
def reasoner_for(model: str, seller: str) -> Reasoner | None:
    """The row of a model at who sells it; None where there is none, or it takes no level.

    Args:
        seller: As in the price table; "" goes by the model's name alone.
    """
    if len(model) > _LONGEST_NAME:
        return None
    name = model.lower().rpartition("/")[2]
    for row in REASONERS:
        if (not seller or seller in row.sellers) and any(_glob(glob)(name) for glob in row.models):
            return row if row.levels else None
    return None


@lru_cache(maxsize=1024)
def configured(wire: str, levels: tuple[Reasoning, ...]) -> Reasoner:
    """The row of a model whose levels the settings say, told in the wire format's own field."""
    return Reasoner((), (), _ADAPTERS.get(wire, "effort"), levels, None)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> Callable[[str], object]:
    return re.compile(translate(pattern)).match
