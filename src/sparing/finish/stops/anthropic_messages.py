"""Anthropic Messages: ended with ``max_tokens``, or ``end_turn`` where it is complete. Of a stream, the usage at its
end is what was counted here: the format demands one, and the provider did not come to tell its own. Implements
`finish.stop.Stop`."""

from __future__ import annotations

import json

from sparing.finish.ending import Ending
from sparing.finish.events import data_of, encoded
from sparing.finish.shapes import Object, as_index, as_object, as_text

_TEXTS = ("text", "thinking", "redacted_thinking")


class AnthropicStop:
    def __init__(self, ends: Ending) -> None:
        self.stopped = False
        self._ends = ends
        self._passes = False
        self._first_text: int | None = None

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if self._passes or not isinstance(data, dict):
            return event
        index = as_index(data.get("index"))
        if data.get("type") == "content_block_start":
            self._begins(as_object(data.get("content_block")), index)
        if data.get("type") != "content_block_delta" or self._passes:
            return event
        delta = as_object(data.get("delta"))
        self._ends.also(as_text(delta.get("thinking")))
        text = as_text(delta.get("text"))
        kept = self._ends.feed(text)
        if kept is None:
            return event
        self.stopped = True
        return self._ended({**data, "delta": {**delta, "text": text[:kept]}}, index)

    @property
    def _reason(self) -> str:
        return "end_turn" if self._ends.complete else "max_tokens"

    def _begins(self, block: Object, index: int) -> None:
        """A second text is one with sources beside it, or beside tools: no prose to cut."""
        is_text = block.get("type") == "text"
        self._passes = block.get("type") not in _TEXTS or (is_text and self._first_text is not None)
        if is_text:
            self._first_text = index

    def _ended(self, last: Object, index: int) -> bytes:
        closing = (
            last,
            {"type": "content_block_stop", "index": index},
            {
                "type": "message_delta",
                "delta": {"stop_reason": self._reason, "stop_sequence": None},
                "usage": {"output_tokens": self._ends.tokens},
            },
            {"type": "message_stop"},
        )
        return b"".join(f"event: {one['type']}\ndata: {encoded(one)}\n\n".encode() for one in closing)

    def whole(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
            content = answer["content"]
            texts = [block for block in content if block["type"] == "text"]
            if len(texts) != 1 or content[-1] is not texts[0] or any(block["type"] not in _TEXTS for block in content):
                return body
            text = texts[0]["text"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return body
        kept = self._ends.feed_whole(as_text(text))
        if kept is None:
            return body
        self.stopped = True
        content[-1] = {**texts[0], "text": text[:kept]}
        return encoded({**answer, "stop_reason": self._reason}).encode()
