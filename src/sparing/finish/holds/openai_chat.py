"""OpenAI Chat Completions. Implements `finish.hold.Form`."""

from __future__ import annotations

from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text, without

_NOT_TEXT = ("tool_calls", "function_call", "refusal", "audio", "annotations")
_OWN_ENDS = ("stop", "length")


class OpenAIChatHold:
    def text(self, data: Object) -> str:
        return as_text(_delta(data).get("content"))

    def is_more(self, data: Object) -> bool:
        choices = as_objects(data.get("choices"))
        if not choices:
            return "error" in data
        one = len(choices) == 1 and as_index(choices[0].get("index")) == 0
        reason = choices[0].get("finish_reason")
        return not one or bool(reason and reason not in _OWN_ENDS) or any(map(_delta(data).get, _NOT_TEXT))

    def is_end(self, data: Object) -> bool:
        return bool(_choice(data).get("finish_reason"))

    def saying(self, data: Object, text: str) -> Object:
        """Without log-probabilities, which are of what is not there any more."""
        choice = without(_choice(data), "logprobs")
        return {**data, "choices": [{**choice, "delta": {**_delta(data), "content": text}}]}

    def closing(self, data: Object, text: str, *, is_cut: bool) -> Object:
        if is_cut and self.is_end(data):
            return {**data, "choices": [{**_choice(data), "finish_reason": "length"}]}
        return data


def _choice(data: Object) -> Object:
    choices = as_objects(data.get("choices"))
    return choices[0] if choices else {}


def _delta(data: Object) -> Object:
    return as_object(_choice(data).get("delta"))
