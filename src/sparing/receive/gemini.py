"""Gemini's request: ``POST /v1beta/models/{model}:generateContent`` and ``:streamGenerateContent``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sparing.core.span import Edit, Kind, Patch, Prompt, Tool
from sparing.errors import MalformedBody
from sparing.receive.added_tools import insert_tools
from sparing.receive.fields import given, model_name, string_or_empty, wrong_type
from sparing.receive.gemini_parts import Media, media_of, one_or_more, spelled, spelled_place
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.result_values import add_result
from sparing.receive.spans import Origin, Spans
from sparing.receive.splice import apply_edits, encode_string
from sparing.receive.turns import Turn, known_role, turns_of

# Also what Vertex AI serves: /v1/projects/.../publishers/google/models/{model}:generateContent.
_PATH = re.compile(r"/v1\w*/(?:[^:]+/)?(?:models|tunedModels)/([^/]+):(generateContent|streamGenerateContent)")

_KINDS = {"user": Kind.USER, "model": Kind.ASSISTANT, "function": Kind.TOOL_RESULT, "tool": Kind.TOOL_RESULT}

# Everything else (arguments, schemas, configuration) is skipped as a whole.
_WALKED = frozenset(
    {"contents", "parts", "systemInstruction", "tools", "functionDeclarations", "inlineData", "fileData"}
    | {"functionCall", "functionResponse", "response"}
    | {"system_instruction", "function_declarations", "inline_data", "file_data"}
    | {"function_call", "function_response"}
)


@dataclass(frozen=True, slots=True)
class Gemini:
    """Implements `core.wire.Wire`. Every field may be written in camelCase or in snake_case, as the API has it.

    Attributes:
        model: As the path names it; "" leaves it to the body.
        stream: Whether the path asks for a stream.
    """

    name: ClassVar[str] = "gemini"
    model: str = ""
    stream: bool = False

    def at(self, path: str) -> Gemini | None:
        found = _PATH.fullmatch(path)
        return Gemini(found[1], found[2] == "streamGenerateContent") if found else None

    def parse(self, body: bytes) -> Prompt:
        source, root = read_object(body, _WALKED, growing="contents")
        reader = _Reader(source)
        num_tools = reader.tools(root)
        num_messages = reader.system(root) + reader.contents(root)
        return Prompt(
            self.name,
            source,
            reader.spans.in_order(),
            self.model or model_name(source, root),
            self.stream,
            num_messages,
            num_tools,
            reader.declared or spelled_place(root, "tools"),
        )

    def apply(self, prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
        return apply_edits(prompt, edits, patches)

    def define(self, tool: Tool) -> str:
        name, description = encode_string(tool.name), encode_string(tool.description)
        return f'{{"name":{name},"description":{description},"parameters":{tool.parameters}}}'

    def add_tools(self, prompt: Prompt, tools: Sequence[Tool]) -> tuple[Patch, ...]:
        """Into the request's own list of functions where it has one: not every model takes two lists."""
        definitions = [self.define(tool) for tool in tools]
        if prompt.num_tools or not definitions:
            return insert_tools(prompt, definitions)
        return insert_tools(prompt, [f'{{"functionDeclarations":[{",".join(definitions)}]}}'])


class _Reader:
    """Adds the spans of contents, and pairs calls with results.

    Ids are optional here. Without one a result belongs to the oldest open call of the function that it names.

    Attributes:
        declared: Place of the first list of functions that is not empty.
    """

    def __init__(self, source: str) -> None:
        self.spans = Spans(source)
        self.declared: tuple[int, int] | None = None

    def tools(self, root: Members) -> int:
        """Add the declarations of functions; how many there are. The provider's own tools have none."""
        num_tools = 0
        for path, _, tool in one_or_more(self.spans.source, root, "tools"):
            for place, declaration, members in one_or_more(self.spans.source, tool, "functionDeclarations", path):
                origin = Origin(Kind.TOOL_SCHEMA, tool=string_or_empty(members, "name"))
                self.spans.raw(declaration, place, origin)
                num_tools += 1
                if self.declared is None:
                    self.declared = spelled_place(tool, "functionDeclarations")
        return num_tools

    def system(self, root: Members) -> int:
        """Add the system instruction; how many messages that is."""
        key, node = spelled(root, "systemInstruction")
        if node is None:
            return 0
        if isinstance(node.value, str):
            self.spans.string(node, node.value, key, Origin(Kind.SYSTEM))
        elif isinstance(node.value, dict):
            self._parts(node.value, key, Origin(Kind.SYSTEM))
        else:
            raise wrong_type(self.spans.source, node, key, "an object")
        return 1

    def contents(self, root: Members) -> int:
        """Add the conversation; how many messages it has."""
        source = self.spans.source
        if given(root, "contents") is None:
            raise MalformedBody("contents is required", param="contents")
        messages = list(one_or_more(source, root, "contents"))
        if not messages:
            raise MalformedBody("contents must hold at least one message", param="contents")
        roles = [
            known_role(source, members, path, _KINDS) if given(members, "role") else "user"
            for path, _, members in messages
        ]
        answers = [role == "model" for role in roles]
        for turn in turns_of([one for _, one, _ in messages], [path for path, _, _ in messages], roles, answers):
            self.spans.message(turn, self._message)
        return len(messages)

    def _message(self, turn: Turn) -> None:
        self._parts(turn.members, turn.path, Origin.of(turn, _KINDS[turn.role]))

    def _parts(self, members: Members, path: str, origin: Origin) -> None:
        for part_path, part, inner in one_or_more(self.spans.source, members, "parts", path):
            self._part(part, inner, part_path, origin)

    def _part(self, part: Node, members: Members, path: str, origin: Origin) -> None:
        """Add what a part holds; one that holds something unknown passes through unseen."""
        if given(members, "text") is not None:
            self.spans.text(members, "text", path, origin, editable=not _is_thought(members))
        for key in ("executableCode", "codeExecutionResult"):
            name, node = spelled(members, key)
            if node is not None:
                self.spans.raw(node, f"{path}.{name}", origin)
        media = media_of(members)
        if media is not None:
            self._media(part, path, origin, media)
        name, call = spelled(members, "functionCall")
        if call is not None and isinstance(call.value, dict):
            self._call(call.value, f"{path}.{name}", origin)
        name, answer = spelled(members, "functionResponse")
        if answer is not None and isinstance(answer.value, dict):
            self._result(answer.value, f"{path}.{name}", origin)

    def _media(self, part: Node, path: str, origin: Origin, media: Media) -> None:
        self.spans.media(part, path, origin._replace(kind=media.kind), media.tokens)

    def _call(self, members: Members, path: str, origin: Origin) -> None:
        name, pair = string_or_empty(members, "name"), string_or_empty(members, "id")
        if pair:
            self.spans.called.call(pair, name)
        else:
            pair = self.spans.called.open(name, origin.message)
        self.spans.call(members, "args", path, origin._replace(kind=Kind.TOOL_CALL, tool=name, pair=pair))

    def _result(self, members: Members, path: str, origin: Origin) -> None:
        name, pair = string_or_empty(members, "name"), string_or_empty(members, "id")
        pair = pair or self.spans.called.close(name)
        tool = name or self.spans.called.name_of(pair)
        origin = origin._replace(kind=Kind.TOOL_RESULT, tool=tool, pair=pair)
        response = given(members, "response")
        if response is not None:
            add_result(self.spans, response, f"{path}.response", origin)
        for part_path, part, inner in one_or_more(self.spans.source, members, "parts", path):
            media = media_of(inner)
            if media is not None:
                self._media(part, part_path, origin, media)


def _is_thought(members: Members) -> bool:
    """Whether a text is the model's thinking, or signed by it: the provider checks that it is its own."""
    thought = members.get("thought")
    return (thought is not None and thought.value is True) or spelled(members, "thoughtSignature")[1] is not None
