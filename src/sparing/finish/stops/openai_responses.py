"""OpenAI Responses: ended as ``incomplete`` for ``max_output_tokens``, or ``completed`` where it is complete. Usage
that was not reported is not made up. Implements `finish.stop.Stop`."""

from __future__ import annotations

import json

from sparing.finish.ending import Ending
from sparing.finish.events import data_of, encoded
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text

_ENDED: Object = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
_COMPLETE: Object = {"status": "completed"}
_ITEMS = ("message", "reasoning")


class OpenAIResponsesStop:
    def __init__(self, ends: Ending) -> None:
        self.stopped = False
        self._ends = ends
        self._passes = False
        self._response: Object = {}
        self._done: list[Object] = []
        self._item: Object = {}
        self._part: Object = {}
        self._texts: list[str] = []

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if self._passes or not isinstance(data, dict):
            return event
        match data.get("type"):
            case "response.created":
                self._response = as_object(data.get("response"))
            case "response.output_item.added":
                self._item = as_object(data.get("item"))
                self._passes = self._item.get("type") not in _ITEMS
            case "response.output_item.done":
                self._done.append(as_object(data.get("item")))
            case "response.content_part.added":
                self._part = as_object(data.get("part"))
                # A second part, or a refusal, is no prose to cut.
                self._passes = self._part.get("type") != "output_text" or as_index(data.get("content_index")) > 0
            case "response.output_text.annotation.added":
                self._passes = True
            case "response.output_text.delta":
                return self._delta(event, data)
        return event

    def _delta(self, event: bytes, data: Object) -> bytes:
        text = as_text(data.get("delta"))
        kept = self._ends.feed(text)
        if kept is None or not self._response:
            self._texts.append(text)
            return event
        self.stopped = True
        self._texts.append(text[:kept])
        said = "".join(self._texts)
        number = as_index(data.get("sequence_number"))
        place: Object = {key: data[key] for key in ("item_id", "output_index", "content_index") if key in data}
        part = {**self._part, "text": said}
        ended = _COMPLETE if self._ends.complete else _ENDED
        item = {**self._item, "status": ended["status"], "content": [part]}
        response = {**self._response, **ended, "output": [*self._done, item]}
        closing: tuple[Object, ...] = (
            {**data, "delta": text[:kept]},
            {"type": "response.output_text.done", **place, "text": said, "logprobs": []},
            {"type": "response.content_part.done", **place, "part": part},
            {"type": "response.output_item.done", "output_index": as_index(data.get("output_index")), "item": item},
            {"type": f"response.{ended['status']}", "response": response},
        )
        numbered = ({**one, "sequence_number": number + at} for at, one in enumerate(closing))
        return b"".join(f"event: {one['type']}\ndata: {encoded(one)}\n\n".encode() for one in numbered)

    def whole(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
            output = as_objects(answer["output"])
            (item,) = (one for one in output if one.get("type") == "message")
            (part,) = item["content"]
            text = as_text(part.get("text"))
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            return body
        others = any(one.get("type") not in _ITEMS for one in output)
        if others or output[-1] is not item or part.get("type") != "output_text" or part.get("annotations"):
            return body
        kept = self._ends.feed_whole(text)
        if kept is None:
            return body
        self.stopped = True
        shown = {**part, "text": text[:kept]} | ({"logprobs": []} if part.get("logprobs") else {})
        ended = _COMPLETE if self._ends.complete else _ENDED
        return encoded(
            {**answer, **ended, "output": [*output[:-1], {**item, "status": ended["status"], "content": [shown]}]}
        ).encode()
