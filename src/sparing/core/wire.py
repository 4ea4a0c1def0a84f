"""The contract of a wire format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sparing.core.span import Edit, Prompt


class Wire(Protocol):
    """One provider's request format: bytes in, spans out, and back again with edits applied.

    Attributes:
        name: For example ``openai.chat``.
        path: The HTTP path it is served at: ``/v1/chat/completions``.
    """

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...

    def parse(self, body: bytes) -> Prompt:
        """Find every span in the body.

        Raises:
            MalformedBody: Not JSON, not UTF-8, too deep, or of the wrong types.
        """
        ...

    def apply(self, prompt: Prompt, edits: Sequence[Edit]) -> bytes:
        """The body with these edits and no other difference, to the byte; `prompt.raw` when there are none."""
        ...
