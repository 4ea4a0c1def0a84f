"""The contract of a wire format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sparing.core.span import Edit, Patch, Prompt, Tool


class Wire(Protocol):
    """One provider's request format: bytes in, spans out, and back again with edits applied.

    Attributes:
        name: For example ``openai.chat``.
    """

    @property
    def name(self) -> str: ...

    def at(self, path: str) -> Wire | None:
        """The format of a request to this HTTP path, knowing what the path itself says; None if it is another's."""
        ...

    def parse(self, body: bytes) -> Prompt:
        """Find every span in the body.

        Raises:
            MalformedBody: Not JSON, not UTF-8, too deep, or of the wrong types.
        """
        ...

    def apply(self, prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
        """The body with these edits and patches and no other difference, to the byte; `prompt.raw` without any."""
        ...

    def define(self, tool: Tool) -> str:
        """A tool as JSON, in this wire format's own form."""
        ...

    def add_tools(self, prompt: Prompt, tools: Sequence[Tool]) -> tuple[Patch, ...]:
        """The patches that put these tools behind those of the request."""
        ...
