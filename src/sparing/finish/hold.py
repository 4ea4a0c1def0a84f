"""A streamed answer whose beginning passes and whose rest is held, so that all of it can be tightened at its end.

The first half of the ceiling goes out as it comes, so the time to the first token is the model's. From the next place
where a reader could stop the answer waits. At its end it is tightened as a whole, with what was sent staying at its
front, and the rest goes out in one event; whatever else the stream says (usage, why it ended) goes out as it came.
An answer that turns out to be more than one text (it calls tools, cites sources, is one of several), or that is JSON,
markup or code, is let go of at once and passes byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Protocol

from sparing.finish.ends import Ends
from sparing.finish.events import data_of, encoded, written
from sparing.finish.holds.anthropic_messages import AnthropicHold
from sparing.finish.holds.gemini import GeminiHold
from sparing.finish.holds.openai_chat import OpenAIChatHold
from sparing.finish.holds.openai_responses import OpenAIResponsesHold
from sparing.finish.shapes import Object
from sparing.finish.tighten import Tightened

_MOST_HELD_BYTES = 1 << 20


class Form(Protocol):
    """What a wire format's events say of one answer. One per answer: it may remember what it has seen."""

    def text(self, data: Object) -> str:
        """What an event adds to the text that a reader sees."""
        ...

    def is_more(self, data: Object) -> bool:
        """Whether an event makes the answer more than one text of prose."""
        ...

    def is_end(self, data: Object) -> bool:
        """Whether an event says that all of the text has come."""
        ...

    def saying(self, data: Object, text: str) -> Object:
        """An event that adds to the text, adding this instead."""
        ...

    def closing(self, data: Object, text: str, *, is_cut: bool) -> Object:
        """An event behind the text: the same, or with this text where it tells all of it again.

        Args:
            is_cut: Whether the text only ends where a reader could stop: the reason for its end is then its length.
        """
        ...


FORMS: Mapping[str, Callable[[], Form]] = {
    "openai.chat": OpenAIChatHold,
    "openai.responses": OpenAIResponsesHold,
    "anthropic.messages": AnthropicHold,
    "gemini": GeminiHold,
}


class _State(Enum):
    PASSING = auto()  # the beginning, as it comes
    HOLDING = auto()
    CLOSING = auto()  # the text is out; what tells it again is written anew
    THROUGH = auto()  # not touched any more


class Hold:
    """Holds one streamed answer.

    Attributes:
        due: All of the text is here: it is `said`, and `shown` is what goes out.
    """

    def __init__(self, form: Form, ceiling_tokens: int, count: Callable[[str], int]) -> None:
        self.due = False
        self._form = form
        self._ends = Ends(max(1, ceiling_tokens // 2), count)
        self._state = _State.PASSING
        self._sent: list[str] = []
        self._rest: list[str] = []
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._text = ""
        self._is_cut = False

    @property
    def holds(self) -> bool:
        """Whether anything waits."""
        return bool(self._held)

    def event(self, event: bytes) -> bytes:
        """What goes out now in place of an event; b"" where it waits."""
        if self._state is _State.THROUGH:
            return event
        data = data_of(event)
        if not isinstance(data, dict):
            return self._wait(event) if self._state is _State.HOLDING and data is not None else event
        if self._state is _State.CLOSING:
            return self._closed(event, data)
        if self._form.is_more(data):
            return self.let_go() + event
        text = self._form.text(data)
        if self._state is _State.PASSING:
            return self._passed(event, data, text)
        if data.get("type") == "ping":
            return event
        self._rest.append(text)
        self.due = self._form.is_end(data)
        return self._wait(event)

    def let_go(self) -> bytes:
        """All that waits, as it came; from here on everything passes."""
        held, self._held, self._state, self.due = b"".join(self._held), [], _State.THROUGH, False
        return held

    def alive(self) -> bytes:
        """An event that says nothing, for whoever would take a long silence for an end."""
        for event in self._held:
            data = data_of(event)
            if isinstance(data, dict) and self._form.text(data):
                return written(event, self._form.saying(data, ""))
        return b""

    @property
    def said(self) -> tuple[str, str]:
        """The answer, and how much of it was sent."""
        sent = "".join(self._sent)
        return "".join((sent, *self._rest)), sent

    def shown(self, result: Tightened) -> bytes:
        """What goes out in place of all that waits.

        Args:
            result: Of the answer as it was `said`; begins with what was sent, blanks at the end of that aside.
        """
        self.due = False
        _, sent = self.said
        if result.how in ("whole", "left"):
            return self.let_go()
        held, self._held, self._state = self._held, [], _State.CLOSING
        said = sent.rstrip()
        rest = result.text[len(said) :].removeprefix(sent[len(said) :])
        self._text, self._is_cut = sent + rest, result.how == "stopped"
        parts: list[bytes] = []
        for event in held:
            data = data_of(event)
            if not isinstance(data, dict):
                parts.append(event)
            elif self._form.text(data) and not self._form.is_end(data):
                parts.append(written(event, self._form.saying(data, rest)) if rest else b"")
                rest = ""
            else:
                if self._form.text(data):
                    data = self._form.saying(data, rest)
                    rest, event = "", written(event, data)
                parts.append(self._closed(event, data))
        return b"".join(parts)

    def _passed(self, event: bytes, data: Object, text: str) -> bytes:
        if self._ends.feed(text) is None:
            self._sent.append(text)
            return event
        self._state = _State.HOLDING
        self._rest.append(text)
        self.due = self._form.is_end(data)
        return self._wait(event)

    def _wait(self, event: bytes) -> bytes:
        self._held.append(event)
        self._held_bytes += len(event)
        return self.let_go() if self._held_bytes > _MOST_HELD_BYTES else b""

    def _closed(self, event: bytes, data: Object) -> bytes:
        shown = self._form.closing(data, self._text, is_cut=self._is_cut)
        if shown is data:
            return event
        if (kind := shown.get("type")) != data.get("type"):
            return f"event: {kind}\ndata: {encoded(shown)}\n\n".encode()
        return written(event, shown)
