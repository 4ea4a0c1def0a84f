"""OpenAI Responses: what was said is told again in four events behind it. Implements `finish.hold.Form`."""

from __future__ import annotations

from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text

_ITEMS = ("message", "reasoning")
_ENDS = ("response.completed", "response.incomplete")
_CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}


class OpenAIResponsesHold:
    def text(self, data: Object) -> str:
        return as_text(data.get("delta")) if data.get("type") == "response.output_text.delta" else ""

    def is_more(self, data: Object) -> bool:
        match data.get("type"):
            case "response.output_item.added":
                return as_object(data.get("item")).get("type") not in _ITEMS
            case "response.content_part.added":  # a second part, or a refusal
                is_text: bool = as_object(data.get("part")).get("type") == "output_text"
                return not is_text or as_index(data.get("content_index")) > 0
            case "response.output_text.annotation.added" | "response.failed" | "error":
                return True
            case kind if kind in _ENDS:
                output = as_objects(as_object(data.get("response")).get("output"))
                return [item.get("type") for item in output].count("message") != 1
            case _:
                return False

    def is_end(self, data: Object) -> bool:
        return data.get("type") in _ENDS

    def saying(self, data: Object, text: str) -> Object:
        return {**data, "delta": text, **({"logprobs": []} if "logprobs" in data else {})}

    def closing(self, data: Object, text: str, *, is_cut: bool) -> Object:
        match data.get("type"):
            case "response.output_text.done":
                return {**data, "text": text, **({"logprobs": []} if "logprobs" in data else {})}
            case "response.content_part.done":
                return {**data, "part": _part(as_object(data.get("part")), text)}
            case "response.output_item.done":
                return {**data, "item": _item(as_object(data.get("item")), text, is_cut=is_cut)}
            case kind if kind in _ENDS:
                response = as_object(data.get("response"))
                output = [_item(item, text, is_cut=is_cut) for item in as_objects(response.get("output"))]
                whole = {**response, "output": output, **(_CUT if is_cut else {})}
                return {**data, "type": "response.incomplete" if is_cut else kind, "response": whole}
            case _:
                return data


def _item(item: Object, text: str, *, is_cut: bool) -> Object:
    if item.get("type") != "message":
        return item
    content = [_part(part, text) for part in as_objects(item.get("content"))]
    return {**item, "content": content, **({"status": "incomplete"} if is_cut else {})}


def _part(part: Object, text: str) -> Object:
    if part.get("type") != "output_text":
        return part
    return {**part, "text": text, **({"logprobs": []} if part.get("logprobs") else {})}
