"""What a caller saw of one streamed answer, and whether that is all of it, in order, and its own."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from sparing.evals.load.ask import Ask

Verdict = Literal["whole", "told", "cut", "refused", "lost", "crossed"]
"""whole: every event, the end marked. told: some of it, then an error event. cut: some of it, then the end. refused: an
error status. lost: an event is missing, comes twice or out of order. crossed: an event of another's."""

_DATA: Final = b"data: "
_DONE: Final = b"[DONE]"


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class Stream:
    """Fed what arrives.

    Attributes:
        first_ns: When the first event with text came, `time.monotonic_ns`; 0 before.
        lags_ns: Of each event with text, from when the stub sent it to when it was read here.
        num_seen: Events with text, in order so far.
        call: Which of the stub's answers this is; "" before.
        trouble: What is wrong with it; "" so far nothing.
    """

    __slots__ = (
        "_ask",
        "_rest",
        "call",
        "done",
        "finish",
        "first_ns",
        "lags_ns",
        "num_seen",
        "status",
        "told",
        "trouble",
    )

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._rest = b""
        self.status = 0
        self.first_ns = 0
        self.lags_ns: list[int] = []
        self.num_seen = 0
        self.call = ""
        self.finish = ""
        self.told = ""
        self.trouble = ""
        self.done = False

    def feed(self, data: bytes, now_ns: int) -> None:
        """Body bytes of an answer with status 200, as they arrive."""
        if self._rest:
            data = self._rest + data
        *events, self._rest = data.split(b"\n\n")
        for event in events:
            self._event(event, now_ns)

    def verdict(self) -> Verdict:
        """Of what has come, at the end."""
        if self.trouble:
            return "crossed" if self.trouble.startswith("crossed") else "lost"
        if self.status != 200:
            return "refused"
        if self.told or self._is_error():
            return "told"
        if not (self.done and self.finish):
            return "cut"
        return "whole" if self.num_seen == self._ask.num_tokens else "lost"

    def _is_error(self) -> bool:
        """Whether the answer is no stream but one error, as some providers give it with status 200."""
        try:
            return not self.num_seen and bool(self._rest) and _decode(self._rest).error is not None
        except msgspec.DecodeError:
            return False

    def _event(self, event: bytes, now_ns: int) -> None:
        if self.done or self.told:
            self.trouble = self.trouble or f"an event after the end: {event[:80]!r}"
            return
        if not event.startswith(_DATA):
            if not event.startswith(b":"):  # a comment
                self.trouble = self.trouble or f"no event: {event[:80]!r}"
            return
        data = event[len(_DATA) :]
        if data == _DONE:
            self.done = True
            return
        try:
            read = _decode(data)
        except msgspec.DecodeError:
            self.trouble = self.trouble or f"not JSON: {event[:80]!r}"
            return
        if read.error is not None:
            self.told = str(read.error)
        for choice in read.choices:
            self.finish = choice.finish_reason or self.finish
            if choice.delta.content:
                self._text(choice.delta.content, now_ns)

    def _text(self, content: str, now_ns: int) -> None:
        tag, call, place, sent_ns = content.strip().split(".")
        if int(tag) != self._ask.tag:
            self.trouble = f"crossed: an event of {tag} in the answer to {self._ask.tag}"
        elif self.call not in ("", call):
            self.trouble = self.trouble or f"pieces of two answers: {self.call} and {call}"
        elif int(place) != self.num_seen:
            self.trouble = self.trouble or f"event {place} came where {self.num_seen} was due"
        if not self.num_seen:
            self.first_ns, self.call = now_ns, call
        self.num_seen += 1
        self.lags_ns.append(now_ns - int(sent_ns))
