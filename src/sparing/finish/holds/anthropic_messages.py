"""Anthropic Messages. Implements `finish.hold.Form`."""

from __future__ import annotations

from sparing.finish.shapes import Object, as_object, as_text

_BLOCKS = ("text", "thinking", "redacted_thinking")
_DELTAS = ("text_delta", "thinking_delta", "signature_delta")
_OWN_ENDS = ("end_turn", "stop_sequence", "max_tokens")


class AnthropicHold:
    def __init__(self) -> None:
        self._has_text = False

    def text(self, data: Object) -> str:
        return as_text(as_object(data.get("delta")).get("text")) if data.get("type") == "content_block_delta" else ""

    def is_more(self, data: Object) -> bool:
        """A second text is one with sources beside it, or beside tools; and so is one with citations."""
        match data.get("type"):
            case "content_block_start":
                kind = as_object(data.get("content_block")).get("type")
                second = kind == "text" and self._has_text
                self._has_text = self._has_text or kind == "text"
                return kind not in _BLOCKS or second
            case "content_block_delta":
                return as_object(data.get("delta")).get("type") not in _DELTAS
            case "message_delta":
                return as_object(data.get("delta")).get("stop_reason") not in _OWN_ENDS
            case kind:
                return kind == "error"

    def is_end(self, data: Object) -> bool:
        return data.get("type") == "message_delta"

    def saying(self, data: Object, text: str) -> Object:
        return {**data, "delta": {**as_object(data.get("delta")), "text": text}}

    def closing(self, data: Object, text: str, *, is_cut: bool) -> Object:
        if is_cut and self.is_end(data):
            return {**data, "delta": {**as_object(data.get("delta")), "stop_reason": "max_tokens"}}
        return data
