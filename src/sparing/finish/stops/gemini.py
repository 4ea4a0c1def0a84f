"""Gemini: ended with ``MAX_TOKENS``, or ``STOP`` where it is complete; usage is what the provider said so far.
Implements `finish.stop.Stop`."""

from __future__ import annotations

import json

from sparing.finish.ending import Ending
from sparing.finish.events import data_of, encoded, written
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text


class GeminiStop:
    def __init__(self, ends: Ending) -> None:
        self.stopped = False
        self._ends = ends
        self._passes = False

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if self._passes or not isinstance(data, dict):
            return event
        shown = self._shown(data, is_whole=False)
        return event if shown is data else written(event, shown)

    def whole(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return body
        if not isinstance(answer, dict):  # an array: its other way to stream
            return body
        shown = self._shown(answer, is_whole=True)
        return body if shown is answer else encoded(shown).encode()

    def _shown(self, data: Object, *, is_whole: bool) -> Object:
        """The object itself, or another in its place that ends the answer."""
        candidates = as_objects(data.get("candidates"))
        if not candidates:
            return data
        first = candidates[0]
        content = as_object(first.get("content"))
        parts = as_objects(content.get("parts"))
        one = len(candidates) == 1 and as_index(first.get("index")) == 0
        self._passes = not one or any("text" not in part for part in parts)
        if self._passes or (first.get("finishReason") and not is_whole):
            return data
        for number, part in enumerate(parts):
            text = as_text(part.get("text"))
            if part.get("thought"):
                self._ends.also(text)
                continue
            kept = self._ends.feed_whole(text) if is_whole else self._ends.feed(text)
            if kept is not None:
                self.stopped = True
                reason = "STOP" if self._ends.complete else "MAX_TOKENS"
                shown = [*parts[:number], {**part, "text": text[:kept]}]
                last = {**first, "content": {**content, "parts": shown}, "finishReason": reason}
                return {**data, "candidates": [last]}
        return data
