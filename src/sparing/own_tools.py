"""The tools that Sparing itself offers to the model, added behind the caller's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sparing.core.span import Kind, Prompt, Tool
from sparing.receive.asked import asked
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

    None where it has a tool of that name itself, or calls could not be answered.
    """
    if not policy.recall or any(s.tool == RECALL.name for s in prompt.spans if s.kind is Kind.TOOL_SCHEMA):
        return ()
    return (RECALL,) if can_be_answered(prompt) else ()


def can_be_answered(prompt: Prompt) -> bool:
    """Whether answers to calls of tools of ours could be worked into what the caller gets.

    Not where it uses OpenAI's older `functions`, wants several answers at once, or fetches the answer later; where the
    provider itself adds every answer to a conversation that it keeps, or the caller goes on from streamed answers by an
    id, which may not be the last one's; and where the request is one that the provider refuses with functions in it
    (Gemini: what it cached, its own tools, and JSON of a given schema).
    """
    if any(span.label.startswith("functions") for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA):
        return False
    told = asked(prompt, _Asked)
    if told is None:
        return False
    config = told.generationConfig or told.generation_config or _Config()
    if not {told.n, config.candidateCount, config.candidate_count} <= {None, 1}:
        return False
    if told.background or told.conversation or told.cachedContent or told.cached_content:
        return False
    if told.previous_response_id and told.stream:
        return False
    adds_functions = prompt.num_tools == 0 and prompt.wire == "gemini"
    return not (adds_functions and (told.tools or config.responseMimeType or config.response_mime_type))


def without_tools(prompt: Prompt, tools: Sequence[Tool]) -> Prompt:
    """The prompt without the schemas of these tools, for comparing shapes."""
    if not tools:
        return prompt
    names = {tool.name for tool in tools}
    spans = [span for span in prompt.spans if span.kind is not Kind.TOOL_SCHEMA or span.tool not in names]
    return replace(prompt, spans=tuple(spans))


class _Config(msgspec.Struct):
    candidateCount: int | None = None  # noqa: N815 - Gemini's names
    candidate_count: int | None = None
    responseMimeType: Any = None  # noqa: N815
    response_mime_type: Any = None


class _Asked(msgspec.Struct):
    """What matters here of any wire format's request."""

    n: int | None = None
    background: Any = None
    conversation: Any = None
    previous_response_id: Any = None
    stream: Any = None
    tools: Any = None
    cachedContent: Any = None  # noqa: N815
    cached_content: Any = None
    generationConfig: _Config | None = None  # noqa: N815
    generation_config: _Config | None = None
