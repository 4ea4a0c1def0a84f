"""The contract of what ends an answer before its own end, and which wire formats have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sparing.finish.ending import Ending
from sparing.finish.stops.anthropic_messages import AnthropicStop
from sparing.finish.stops.gemini import GeminiStop
from sparing.finish.stops.openai_chat import OpenAIChatStop
from sparing.finish.stops.openai_responses import OpenAIResponsesStop


class Stop(Protocol):
    """Ends one answer. One that calls tools, or gives several answers, is passed on as it is.

    Attributes:
        stopped: The answer has been ended; nothing of it may follow.
    """

    stopped: bool

    def event(self, event: bytes) -> bytes:
        """What goes out in place of an event of the stream; where the answer ends, with all that closes it."""
        ...

    def whole(self, body: bytes) -> bytes:
        """What goes out in place of an answer that came whole; the very bytes where nothing is left out."""
        ...


STOPS: Mapping[str, Callable[[Ending], Stop]] = {
    "openai.chat": OpenAIChatStop,
    "openai.responses": OpenAIResponsesStop,
    "anthropic.messages": AnthropicStop,
    "gemini": GeminiStop,
}
