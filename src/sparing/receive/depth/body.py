"""A request's body whose fields are set: values put in their places, everything else as it stands."""

from __future__ import annotations

from typing import Final

from sparing.core.span import Patch, Prompt
from sparing.receive.fields import given
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.splice import apply_edits

_WALKED: Final = frozenset(
    {"reasoning", "thinking", "output_config", "generationConfig", "generation_config", "tool_choice"}
    | {"thinkingConfig", "thinking_config", "chat_template_kwargs"}
)


class Body:
    """One body on its way.

    Raises:
        MalformedBody: It cannot be read.
    """

    def __init__(self, body: bytes, *, walked: frozenset[str] = _WALKED) -> None:
        self.raw = body
        self.source, self.root = read_object(body, walked)
        self._patches: list[Patch] = []

    def get(self, *path: str) -> Node | None:
        """The value at a path of members; None where there is none, or it is null."""
        members: Members = self.root
        for name in path[:-1]:
            node = given(members, name)
            members = node.value if node is not None and isinstance(node.value, dict) else {}
        return given(members, path[-1])

    def number(self, *path: str) -> float | None:
        """The number at a path; None where there is none."""
        node = self.get(*path)
        try:
            return float(self.source[node.start : node.end]) if node is not None else None
        except ValueError:
            return None

    def word(self, *path: str) -> str:
        """The string at a path; "" where there is none."""
        node = self.get(*path)
        return node.value if node is not None and isinstance(node.value, str) else ""

    def put(self, literal: str, *path: str) -> None:
        """Set the value at a path, with the objects on the way to it where they are missing."""
        members, brace = self.root, self.source.index("{")
        for at, name in enumerate(path):
            node = members.get(name)
            if node is None:
                text = _nested(path[at:], literal)[1:-1]
                self.insert(brace + 1, f"{text}," if members else text)
                return
            if at == len(path) - 1 or not isinstance(node.value, dict):
                self._patches.append(Patch(node.start, node.end, _nested(path[at + 1 :], literal)))
                return
            members, brace = node.value, node.start

    def insert(self, at: int, text: str) -> None:
        self._patches.append(Patch(at, at, text))

    def patched(self) -> bytes:
        """The body with what was put; the very bytes where nothing was."""
        return apply_edits(Prompt("", self.source, ()), (), self._patches) if self._patches else self.raw


def _nested(path: tuple[str, ...], literal: str) -> str:
    for name in reversed(path):
        literal = f'{{"{name}":{literal}}}'
    return literal
