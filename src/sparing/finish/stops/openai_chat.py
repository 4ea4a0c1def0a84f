"""OpenAI Chat Completions: ended with ``length``, or ``stop`` where it is complete. Usage that was not reported yet is
not made up. Implements `finish.stop.Stop`."""

from __future__ import annotations

import json

from sparing.finish.ending import Ending
from sparing.finish.events import data_of, encoded, written
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text, without

_NOT_TEXT = ("tool_calls", "function_call", "refusal", "audio")
_DONE = b"data: [DONE]\n\n"


class OpenAIChatStop:
    def __init__(self, ends: Ending) -> None:
        self.stopped = False
        self._ends = ends
        self._passes = False

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if self._passes or not isinstance(data, dict) or not (choices := as_objects(data.get("choices"))):
            return event
        choice, delta = choices[0], as_object(choices[0].get("delta"))
        one = len(choices) == 1 and as_index(choice.get("index")) == 0
        self._passes = not one or any(delta.get(name) for name in _NOT_TEXT)
        if self._passes or choice.get("finish_reason"):
            return event
        self._ends.also(as_text(delta.get("reasoning_content")))
        content = as_text(delta.get("content"))
        kept = self._ends.feed(content)
        if kept is None:
            return event
        self.stopped = True
        return written(event, self._ended(data, choice, "delta", content[:kept])) + _DONE

    def whole(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
            (choice,) = answer["choices"]
            message, content = choice["message"], choice["message"]["content"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return body
        if not isinstance(content, str) or any(message.get(name) for name in _NOT_TEXT):
            return body
        kept = self._ends.feed_whole(content)
        if kept is None:
            return body
        self.stopped = True
        return encoded(self._ended(answer, choice, "message", content[:kept])).encode()

    def _ended(self, answer: Object, choice: Object, said: str, content: str) -> Object:
        """The answer, or its last chunk; log-probabilities go, being of more than what is left."""
        reason = "stop" if self._ends.complete else "length"
        last = {**without(choice, "logprobs"), said: {**choice[said], "content": content}, "finish_reason": reason}
        return {**answer, "choices": [last]}
