"""Anthropic's Messages request: ``POST /v1/messages``."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.span import Edit, Kind, Patch, Prompt, Tool
from sparing.receive.added_tools import insert_tools
from sparing.receive.cache_marks import find_breakpoints
from sparing.receive.fields import given, member_objects, model_name, objects, place, string_or_empty, wants_stream
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.spans import Origin, Spans, add_tool_schemas
from sparing.receive.splice import apply_edits, encode_string
from sparing.receive.turns import Turn, turns
from sparing.tokens.image_size import base64_image_size
from sparing.tokens.images import anthropic_image_tokens
from sparing.tokens.overhead import FILE_TOKENS

_KINDS = {"user": Kind.USER, "assistant": Kind.ASSISTANT, "system": Kind.SYSTEM}

# Everything else (tool schemas, the input of tool calls, metadata) is skipped as a whole.
_WALKED = frozenset({"system", "messages", "content", "source", "citations", "tools"})


class AnthropicMessages:
    """Implements `core.wire.Wire`."""

    name = "anthropic.messages"

    def at(self, path: str) -> AnthropicMessages | None:
        return self if path == "/v1/messages" else None

    def parse(self, body: bytes) -> Prompt:
        source, root = read_object(body, _WALKED, growing="messages")
        model, stream = model_name(source, root), wants_stream(source, root)
        reader = _Reader(source)
        num_tools = add_tool_schemas(reader.spans, root, "tools")
        reader.content(root, "system", "system", Origin(Kind.SYSTEM))
        messages = turns(source, root, _KINDS)
        for turn in messages:
            reader.spans.message(turn, reader.message)
        reader.spans.end_block(root)  # a mark on the request stands for one on its last block
        return Prompt(
            wire=self.name,
            source=source,
            spans=reader.spans.in_order(),
            model=model,
            stream=stream,
            num_messages=len(messages),
            num_tools=num_tools,
            tools_place=place(root, "tools"),
            breakpoints=() if reader.spans.marked else tuple(find_breakpoints(root, messages)),
        )

    def apply(self, prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
        return apply_edits(prompt, edits, patches)

    def define(self, tool: Tool) -> str:
        name, description = encode_string(tool.name), encode_string(tool.description)
        return f'{{"name":{name},"description":{description},"input_schema":{tool.parameters}}}'

    def add_tools(self, prompt: Prompt, tools: Sequence[Tool]) -> tuple[Patch, ...]:
        return insert_tools(prompt, [self.define(tool) for tool in tools])


class _Reader:
    """Adds the spans of content blocks."""

    def __init__(self, source: str) -> None:
        self.spans = Spans(source)

    def message(self, turn: Turn) -> None:
        origin = Origin(_KINDS[turn.role], turn.message, turn.block)
        self.content(turn.members, "content", f"{turn.path}.content", origin)

    def content(self, members: Members, key: str, path: str, origin: Origin, *, editable: bool = True) -> None:
        """Add ``members[key]``: a string, or an array of blocks."""
        node = given(members, key)
        if node is None:
            return
        if isinstance(node.value, str):
            self.spans.string(node, node.value, path, origin, editable=editable)
            return
        for block_path, block, inner in objects(self.spans.source, node, path, "a string or an array"):
            self._block(block, inner, block_path, origin, editable=editable)
            self.spans.end_block(inner)

    def _block(self, block: Node, members: Members, path: str, origin: Origin, *, editable: bool) -> None:
        """Add a content block; one of an unknown type passes through unseen."""
        match string_or_empty(members, "type"):
            case "text":
                self.spans.text(members, "text", path, origin, editable=editable)
            case "thinking":
                self.spans.text(members, "thinking", path, origin, editable=False)
            case "redacted_thinking":
                self.spans.text(members, "data", path, origin, editable=False)
            case "tool_use" | "server_tool_use":
                self._call(members, path, origin)
            case "tool_result":
                pair = string_or_empty(members, "tool_use_id")
                result = origin._replace(kind=Kind.TOOL_RESULT, tool=self.spans.called.name_of(pair), pair=pair)
                self.content(members, "content", f"{path}.content", result)
            case "image":
                image = member_objects(members, "source")
                size = base64_image_size(string_or_empty(image, "data"))
                self.spans.media(block, path, origin._replace(kind=Kind.IMAGE), anthropic_image_tokens(size))
            case "document":
                self._document(block, members, path, origin._replace(kind=Kind.DOCUMENT))
            case "search_result":
                document = origin._replace(kind=Kind.DOCUMENT)
                self.content(members, "content", f"{path}.content", document, editable=not _is_cited(members))

    def _call(self, members: Members, path: str, origin: Origin) -> None:
        call_id, name = string_or_empty(members, "id"), string_or_empty(members, "name")
        if call_id:
            self.spans.called.call(call_id, name)
        self.spans.call(members, "input", path, origin._replace(kind=Kind.TOOL_CALL, tool=name, pair=call_id))

    def _document(self, block: Node, members: Members, path: str, origin: Origin) -> None:
        document, inside = member_objects(members, "source"), f"{path}.source"
        editable = not _is_cited(members)
        match string_or_empty(document, "type"):
            case "text":
                self.spans.text(document, "data", inside, origin, editable=editable)
            case "content":
                self.content(document, "content", f"{inside}.content", origin, editable=editable)
            case _:
                self.spans.media(block, path, origin, FILE_TOKENS)


def _is_cited(members: Members) -> bool:
    """Whether the answer will point into this text by character or block index: an edit would move what it means."""
    enabled = member_objects(members, "citations").get("enabled")
    return enabled is not None and enabled.value is True
