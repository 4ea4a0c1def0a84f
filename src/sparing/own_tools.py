"""The tools that Sparing itself offers to the model, added behind the caller's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sparing.core.span import Kind, Prompt, Tool
from sparing.settings import PolicySettings

RECALL = Tool(
    "sparing_recall",
    "Returns the original of a text that was shortened to save tokens: one that ends in a mark such as "
    "[… more: sparing_recall(3f9ac21b07)]. Call it only for what you need, and not together with other tools.",
    '{"type":"object","properties":{"handle":{"type":"string"},'
    '"about":{"type":"string","description":"What you look for; only what concerns it comes back."},'
    '"part":{"type":"integer","description":"Long texts come in parts, from 1."}},'
    '"required":["handle"]}',
)


def own_tools(prompt: Prompt, policy: PolicySettings) -> tuple[Tool, ...]:
    """The tools that are added to this request: the same in every turn of a conversation, or its prefix would change.

    None where an answer to a call could not be worked into what the caller gets: it has a tool of that name itself,
    uses OpenAI's older `functions`, or wants several answers at once.
    """
    if not policy.recall:
        return ()
    tools = [span for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA]
    if any(span.tool == RECALL.name or span.label.startswith("functions") for span in tools):
        return ()
    return () if _wants_several(prompt) else (RECALL,)


def without_tools(prompt: Prompt, tools: Sequence[Tool]) -> Prompt:
    """The prompt without the schemas of these tools, for comparing shapes."""
    if not tools:
        return prompt
    names = {tool.name for tool in tools}
    spans = [span for span in prompt.spans if span.kind is not Kind.TOOL_SCHEMA or span.tool not in names]
    return replace(prompt, spans=tuple(spans))


def _wants_several(prompt: Prompt) -> bool:
    """Whether OpenAI's `n` asks for more than one answer."""
    if '"n"' not in prompt.source:
        return False
    try:
        return msgspec.json.decode(prompt.source, type=_Choices).n not in (None, 1)
    except (msgspec.DecodeError, UnicodeEncodeError):  # lone surrogates in a request with an "n"
        return True


class _Choices(msgspec.Struct):
    n: Any = None
