"""OpenAI's Chat Completions request: ``POST /v1/chat/completions``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sparing.core.span import Edit, Kind, Patch, Prompt, Tool
from sparing.receive.added_tools import insert_tools
from sparing.receive.fields import given, member_objects, model_name, objects, place, string_or_empty, wants_stream
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.spans import Origin, Spans, add_tool_schemas
from sparing.receive.splice import apply_edits, encode_string
from sparing.receive.turns import Turn, turns
from sparing.tokens.image_size import data_url_image_size
from sparing.tokens.images import openai_image_tokens
from sparing.tokens.overhead import FILE_TOKENS, audio_tokens

_KINDS = {
    "system": Kind.SYSTEM,
    "developer": Kind.SYSTEM,
    "user": Kind.USER,
    "assistant": Kind.ASSISTANT,
    "tool": Kind.TOOL_RESULT,
    "function": Kind.TOOL_RESULT,  # the older form of "tool"
}

# Where other providers' servers expect the model's thinking back: DeepSeek's name (also llama.cpp's), OpenRouter's and
# vLLM's. Counted, never touched.
_REASONING = ("reasoning_content", "reasoning")

# Everything else (tool parameters, metadata, response formats) is skipped as a whole.
_WALKED = frozenset(
    {"messages", "content", "tool_calls", "function", "custom", "function_call", "image_url", "file", "input_audio"}
    | {"tools", "functions"}
)


class OpenAIChat:
    """Implements `core.wire.Wire`."""

    name = "openai.chat"

    def at(self, path: str) -> OpenAIChat | None:
        return self if path == "/v1/chat/completions" else None

    def parse(self, body: bytes) -> Prompt:
        source, root = read_object(body, _WALKED, growing="messages")
        model, stream = model_name(source, root), wants_stream(source, root)
        spans = Spans(source)
        num_tools = add_tool_schemas(spans, root, "tools") + add_tool_schemas(spans, root, "functions")
        messages = turns(source, root, _KINDS)
        add = partial(_add_message, spans)
        for turn in messages:
            spans.message(turn, add)
        spans.end_block(root)
        return Prompt(
            self.name, source, spans.in_order(), model, stream, len(messages), num_tools, place(root, "tools")
        )

    def apply(self, prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
        return apply_edits(prompt, edits, patches)

    def define(self, tool: Tool) -> str:
        name, description = encode_string(tool.name), encode_string(tool.description)
        function = f'{{"name":{name},"description":{description},"parameters":{tool.parameters}}}'
        return f'{{"type":"function","function":{function}}}'

    def add_tools(self, prompt: Prompt, tools: Sequence[Tool]) -> tuple[Patch, ...]:
        return insert_tools(prompt, [self.define(tool) for tool in tools])


def _add_message(spans: Spans, turn: Turn) -> None:
    """Add the spans of a message."""
    members = turn.members
    kind = _KINDS[turn.role]
    pair = string_or_empty(members, "tool_call_id") if kind is Kind.TOOL_RESULT else ""
    tool = spans.called.name_of(pair) or string_or_empty(members, "name") if kind is Kind.TOOL_RESULT else ""
    origin = Origin.of(turn, kind, tool, pair)
    content = given(members, "content")
    if content is not None:
        _add_content(spans, content, f"{turn.path}.content", origin)
    if kind is Kind.ASSISTANT:
        for thought in _REASONING:
            node = given(members, thought)
            if node is not None and isinstance(node.value, str):
                spans.string(node, node.value, f"{turn.path}.{thought}", origin, editable=False)
        if given(members, "refusal"):
            spans.text(members, "refusal", turn.path, origin)
        _add_calls(spans, turn)
    spans.end_block(members)


def _add_content(spans: Spans, content: Node, path: str, origin: Origin) -> None:
    if isinstance(content.value, str):
        spans.string(content, content.value, path, origin)
        return
    for part_path, part, members in objects(spans.source, content, path, "a string or an array"):
        _add_part(spans, part, members, part_path, origin)
        spans.end_block(members)


def _add_part(spans: Spans, part: Node, members: Members, path: str, origin: Origin) -> None:
    """Add a content part; one of an unknown type passes through unseen."""
    match string_or_empty(members, "type"):
        case "text":
            spans.text(members, "text", path, origin)
        case "refusal":
            spans.text(members, "refusal", path, origin)
        case "image_url":
            image = member_objects(members, "image_url")
            size = data_url_image_size(string_or_empty(image, "url"))
            tokens = openai_image_tokens(size, string_or_empty(image, "detail"))
            spans.media(part, path, origin._replace(kind=Kind.IMAGE), tokens)
        case "input_audio":
            audio = member_objects(members, "input_audio")
            tokens = audio_tokens(len(string_or_empty(audio, "data")), string_or_empty(audio, "format"))
            spans.media(part, path, origin._replace(kind=Kind.AUDIO), tokens)
        case "file":
            spans.media(part, path, origin._replace(kind=Kind.DOCUMENT), FILE_TOKENS)


def _add_calls(spans: Spans, turn: Turn) -> None:
    for path, call_id, members, argument in _calls(spans.source, turn):
        name = string_or_empty(members, "name")
        if call_id:
            spans.called.call(call_id, name)
        spans.call(members, argument, path, Origin.of(turn, Kind.TOOL_CALL, name, call_id))


def _calls(source: str, turn: Turn) -> Iterator[tuple[str, str, Members, str]]:
    """Path, id and members of each call of a message, and the key of its argument; the older form has no id."""
    node = given(turn.members, "tool_calls")
    if node is not None:
        for path, _, members in objects(source, node, f"{turn.path}.tool_calls"):
            form, argument = ("custom", "input") if "custom" in members else ("function", "arguments")
            yield f"{path}.{form}", string_or_empty(members, "id"), member_objects(members, form), argument
    if given(turn.members, "function_call"):
        yield f"{turn.path}.function_call", "", member_objects(turn.members, "function_call"), "arguments"
