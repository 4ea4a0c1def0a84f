"""Gemini. Implements `finish.hold.Form`."""

from __future__ import annotations

from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text

_OWN_ENDS = ("STOP", "MAX_TOKENS")
_MORE = ("citationMetadata", "groundingMetadata", "logprobsResult")


class GeminiHold:
    def text(self, data: Object) -> str:
        return "".join(as_text(part.get("text")) for part in _parts(data) if not part.get("thought"))

    def is_more(self, data: Object) -> bool:
        candidates = as_objects(data.get("candidates"))
        if not candidates:
            return "error" in data or "promptFeedback" in data
        first = candidates[0]
        one = len(candidates) == 1 and as_index(first.get("index")) == 0
        reason = first.get("finishReason")
        others = any("text" not in part for part in _parts(data)) or any(map(first.get, _MORE))
        return not one or others or bool(reason and reason not in _OWN_ENDS)

    def is_end(self, data: Object) -> bool:
        return bool(_candidate(data).get("finishReason"))

    def saying(self, data: Object, text: str) -> Object:
        candidate = _candidate(data)
        said = [part for part in _parts(data) if not part.get("thought")]
        thought = [part for part in _parts(data) if part.get("thought")]
        content = {**as_object(candidate.get("content")), "parts": [*thought, {**(said or [{}])[-1], "text": text}]}
        return {**data, "candidates": [{**candidate, "content": content}]}

    def closing(self, data: Object, text: str, *, is_cut: bool) -> Object:
        if is_cut and self.is_end(data):
            return {**data, "candidates": [{**_candidate(data), "finishReason": "MAX_TOKENS"}]}
        return data


def _candidate(data: Object) -> Object:
    candidates = as_objects(data.get("candidates"))
    return candidates[0] if candidates else {}


def _parts(data: Object) -> list[Object]:
    return as_objects(as_object(_candidate(data).get("content")).get("parts"))
