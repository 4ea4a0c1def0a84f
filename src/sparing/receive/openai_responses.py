"""OpenAI's Responses request: ``POST /v1/responses``."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.span import Edit, Kind, Patch, Prompt, Tool
from sparing.receive.added_tools import insert_tools
from sparing.receive.fields import given, member_objects, model_name, objects, place, string_or_empty, wants_stream
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.spans import Origin, Spans, add_tool_schemas
from sparing.receive.splice import apply_edits, encode_string
from sparing.receive.turns import Turn, known_role, role_of, turns_of
from sparing.tokens.image_size import data_url_image_size
from sparing.tokens.images import openai_image_tokens
from sparing.tokens.overhead import FILE_TOKENS, audio_tokens

_KINDS = {"system": Kind.SYSTEM, "developer": Kind.SYSTEM, "user": Kind.USER, "assistant": Kind.ASSISTANT}
_TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")

# Everything else (tool parameters, built-in tools' items, metadata) is skipped as a whole.
_WALKED = frozenset({"input", "content", "output", "summary", "input_audio", "tools"})


class OpenAIResponses:
    """Implements `core.wire.Wire`.

    With `previous_response_id` or `conversation` the history is the provider's: only what is new is here to be reduced,
    and the result of a call made in that history has no tool's name.
    """

    name = "openai.responses"

    def at(self, path: str) -> OpenAIResponses | None:
        return self if path == "/v1/responses" else None

    def parse(self, body: bytes) -> Prompt:
        source, root = read_object(body, _WALKED, growing="input")
        model, stream = model_name(source, root), wants_stream(source, root)
        reader = _Reader(source)
        num_tools = add_tool_schemas(reader.spans, root, "tools")
        num_messages = reader.instructions(root) + reader.input(root)
        reader.spans.end_block(root)
        return Prompt(
            self.name, source, reader.spans.in_order(), model, stream, num_messages, num_tools, place(root, "tools")
        )

    def apply(self, prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
        return apply_edits(prompt, edits, patches)

    def define(self, tool: Tool) -> str:
        name, description = encode_string(tool.name), encode_string(tool.description)
        # Here, unlike in Chat Completions, a function is strict by default, which not every schema can be.
        shape = f'"parameters":{tool.parameters},"strict":false'
        return f'{{"type":"function","name":{name},"description":{description},{shape}}}'

    def add_tools(self, prompt: Prompt, tools: Sequence[Tool]) -> tuple[Patch, ...]:
        return insert_tools(prompt, [self.define(tool) for tool in tools])


class _Reader:
    """Adds the spans of input items."""

    def __init__(self, source: str) -> None:
        self.spans = Spans(source)

    def instructions(self, root: Members) -> int:
        """Add ``instructions``; how many messages that is."""
        if given(root, "instructions") is None:
            return 0
        self.spans.text(root, "instructions", "", Origin(Kind.SYSTEM))
        return 1

    def input(self, root: Members) -> int:
        """Add ``input``: a string, or an array of items; how many of those there are."""
        node = given(root, "input")
        if node is None:
            return 0  # a stored prompt or conversation may hold it all
        if isinstance(node.value, str):
            self.spans.string(node, node.value, "input", Origin(Kind.USER, 0))
            return 1
        items = list(objects(self.spans.source, node, "input", _TEXT_OR_ARRAY))
        kinds = [role_of(item) or _kind_of(self.spans.source, path, members) for path, item, members in items]
        answers = [_is_answer(kind) for kind in kinds]
        for turn in turns_of([item for _, item, _ in items], [path for path, _, _ in items], kinds, answers):
            self.spans.message(turn, self._item)
        return len(items)

    def _item(self, item: Turn) -> None:
        self._add(item)
        self.spans.end_block(item.members)

    def _add(self, item: Turn) -> None:
        """Add an item; one of an unknown type passes through unseen, as those of tools that run at OpenAI do."""
        members = item.members
        match item.role:
            case "function_call":
                self._call(item, "arguments", string_or_empty(members, "name"))
            case "custom_tool_call":
                self._call(item, "input", string_or_empty(members, "name"))
            case "shell_call" | "local_shell_call":
                self._call(item, "action", item.role.removesuffix("_call"))
            case "function_call_output" | "custom_tool_call_output" | "local_shell_call_output":
                self.content(members, "output", f"{item.path}.output", self._result(item))
            case "shell_call_output":
                self._shell_output(item)
            case "reasoning":
                self._reasoning(item)
            case role if role in _KINDS:
                self.content(members, "content", f"{item.path}.content", Origin.of(item, _KINDS[role]))

    def content(self, members: Members, key: str, path: str, origin: Origin, *, editable: bool = True) -> None:
        """Add ``members[key]``: a string, or an array of parts."""
        node = given(members, key)
        if node is None:
            return
        if isinstance(node.value, str):
            self.spans.string(node, node.value, path, origin, editable=editable)
            return
        for part_path, part, inner in objects(self.spans.source, node, path, _TEXT_OR_ARRAY):
            self._part(part, inner, part_path, origin, editable=editable)
            self.spans.end_block(inner)

    def _part(self, part: Node, members: Members, path: str, origin: Origin, *, editable: bool) -> None:
        match string_or_empty(members, "type"):
            case kind if kind in _TEXTS:
                self.spans.text(members, "text", path, origin, editable=editable)
            case "refusal":
                self.spans.text(members, "refusal", path, origin)
            case "input_image":
                size = data_url_image_size(string_or_empty(members, "image_url"))
                tokens = openai_image_tokens(size, string_or_empty(members, "detail"))
                self.spans.media(part, path, origin._replace(kind=Kind.IMAGE), tokens)
            case "input_audio":
                audio = member_objects(members, "input_audio")
                tokens = audio_tokens(len(string_or_empty(audio, "data")), string_or_empty(audio, "format"))
                self.spans.media(part, path, origin._replace(kind=Kind.AUDIO), tokens)
            case "input_file":
                self.spans.media(part, path, origin._replace(kind=Kind.DOCUMENT), FILE_TOKENS)

    def _call(self, item: Turn, argument: str, name: str) -> None:
        call_id = string_or_empty(item.members, "call_id")
        if call_id:
            self.spans.called.call(call_id, name)
        self.spans.call(item.members, argument, item.path, Origin.of(item, Kind.TOOL_CALL, name, call_id))

    def _result(self, item: Turn) -> Origin:
        pair = string_or_empty(item.members, "call_id") or string_or_empty(item.members, "id")
        tool = self.spans.called.name_of(pair) or string_or_empty(item.members, "name")
        return Origin.of(item, Kind.TOOL_RESULT, tool, pair)

    def _shell_output(self, item: Turn) -> None:
        """What the caller's own shell printed, command by command."""
        node = given(item.members, "output")
        if node is None:
            return
        origin = self._result(item)
        for path, _, command in objects(self.spans.source, node, f"{item.path}.output"):
            for stream in ("stdout", "stderr"):
                if given(command, stream):
                    self.spans.text(command, stream, path, origin)

    def _reasoning(self, item: Turn) -> None:
        """Counted, never touched: the provider checks that it is its own."""
        origin = Origin.of(item, Kind.ASSISTANT)
        for key in ("summary", "content"):
            self.content(item.members, key, f"{item.path}.{key}", origin, editable=False)
        if given(item.members, "encrypted_content"):
            self.spans.text(item.members, "encrypted_content", item.path, origin, editable=False)


_TEXT_OR_ARRAY = "a string or an array"


def _kind_of(source: str, path: str, members: Members) -> str:
    """What an item is: the role of a message, the type of anything else, "" if it says neither."""
    kind = string_or_empty(members, "type")
    if kind == "message" or (not kind and "role" in members):
        return known_role(source, members, path, _KINDS)
    return "" if kind in _KINDS else kind


def _is_answer(kind: str) -> bool:
    """Whether an item is the model's: what it said, thought and called, or a reference to such."""
    return kind not in ("user", "system", "developer", "") and not kind.endswith(("_output", "_response"))
