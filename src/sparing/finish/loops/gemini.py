"""Gemini, `generateContent` and `streamGenerateContent?alt=sse`: several answers made one. Implements
`finish.own_calls.Loop`.

The client sees the parts of all answers but for the calls of our tools, under one response id, with the finish reason
of the last and usage that is the sum. From the first call on, a streamed answer is held back until its end.

If the model calls functions of the client's in the same answer, it is told to call them again when it has what it asked
us for, and the client sees none of it: the first call of an answer carries the signature that Gemini demands back, so
that no call can be taken out of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sparing.finish.appended import appended
from sparing.finish.events import comments_of, data_of, encoded, written
from sparing.finish.own_calls import NOT_RUN, OwnCall
from sparing.finish.shapes import Object, as_object, as_objects, as_text, without
from sparing.finish.usages import summed

_CALL, _SIGNATURE = "functionCall", "thoughtSignature"
_BREAK: Object = {"text": "\n\n"}
_WHOLE = ("STOP", "")  # after any other reason a call may be half of one


def open_loop(own: frozenset[str]) -> GeminiLoop:
    """A loop for one request that offers these tools."""
    return GeminiLoop(own)


class GeminiLoop:
    def __init__(self, own: frozenset[str]) -> None:
        self.calls: tuple[OwnCall, ...] = ()
        self.final = False
        self._own = own
        self._id: Object = {}  # what the client knows this answer by
        self._usages: list[Object] = []  # of the answers before this one
        self._earlier: list[Object] = []  # parts of theirs that the client got
        self._begin()

    def _begin(self) -> None:
        """Get ready for the next answer of the model."""
        self.calls = ()
        self._said: list[Object] = []
        self._held: list[tuple[bytes, Object]] = []
        self._usage: Object = {}
        self._finish = ""
        self._must_break = any(map(_is_text, self._earlier))

    # Streamed

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None or not (isinstance(data, dict) or self._held):
            return event
        chunk = data if isinstance(data, dict) else {}
        parts = self._read(chunk)
        if not self._held and not any(_CALL in part for part in parts):
            return self._shown(event, chunk)
        comments = comments_of(event)
        self._held.append((event[len(comments) :], chunk))
        return comments

    def end(self) -> bytes:
        if self._goes_on():
            self.calls = self._own_calls()
        held, self._held = self._held, []
        return b"".join(self._shown(event, chunk) for event, chunk in held)

    def _read(self, chunk: Object) -> list[Object]:
        """Note what a chunk or a whole answer says; its parts."""
        candidate = _candidate(chunk)
        parts = _parts(candidate)
        self._said += parts
        self._finish = as_text(candidate.get("finishReason")) or self._finish
        self._usage = as_object(chunk.get("usageMetadata")) or self._usage
        if not self._usages and "responseId" in chunk:
            self._id = {"responseId": chunk["responseId"]}
        return parts

    def _shown(self, event: bytes, chunk: Object) -> bytes:
        """What the client gets of a chunk."""
        if not chunk:
            return event
        candidate = _candidate(chunk)
        parts = _parts(candidate)
        kept = self._for_the_client(parts)
        if self.calls and not kept:
            return b""
        shown = [_BREAK, *kept] if self._must_break and any(map(_is_text, kept)) else kept
        self._must_break = self._must_break and shown is kept
        if shown == parts and not self.calls and not self._usages:
            return event
        return written(event, self._made(chunk, candidate, shown))

    def _made(self, chunk: Object, candidate: Object, parts: list[Object]) -> Object:
        """A chunk or a whole answer with these parts."""
        made = {**chunk, **(self._id if "responseId" in chunk else {})}
        if self.calls:  # the answer goes on
            candidate, made = without(candidate, "finishReason"), without(made, "usageMetadata")
        elif "usageMetadata" in chunk:
            made["usageMetadata"] = summed([*self._usages, as_object(chunk["usageMetadata"])])
        if candidate:
            content = {"role": "model", **as_object(candidate.get("content")), "parts": parts}
            made["candidates"] = [{**candidate, "content": content}]
        return made

    # Whole

    def whole(self, body: bytes) -> bytes:
        if not self._usages and not any(name.encode() in body for name in self._own):
            return body
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return body  # not an answer we know; the client may
        candidate = _candidate(as_object(answer))
        if not candidate:
            return body
        parts = self._read(answer)
        if self._goes_on():
            self.calls = self._own_calls()
            return b""
        kept = self._for_the_client(parts)
        if not self._usages and len(kept) == len(parts):
            return body
        middle = [_BREAK] if self._must_break and any(map(_is_text, kept)) else []
        return encoded(self._made(answer, candidate, [*self._earlier, *middle, *kept])).encode()

    # Both

    def _is_ours(self, part: Object) -> bool:
        return as_text(as_object(part.get(_CALL)).get("name")) in self._own

    def _goes_on(self) -> bool:
        return not self.final and self._finish in _WHOLE and any(map(self._is_ours, self._said))

    def _own_calls(self) -> tuple[OwnCall, ...]:
        return tuple(_own_call(part[_CALL]) for part in self._said if self._is_ours(part))

    def _for_the_client(self, parts: list[Object]) -> list[Object]:
        return [part for part in parts if not (self._is_ours(part) or (self.calls and _CALL in part))]

    def follow_up(self, body: bytes, results: Sequence[str]) -> bytes:
        given = iter(results)
        said = [part for part in self._said if not _is_empty(part)]
        calls = [(as_object(part[_CALL]), self._is_ours(part)) for part in said if _CALL in part]
        told = [{"functionResponse": _response(call, next(given) if ours else NOT_RUN)} for call, ours in calls]
        shown = self._for_the_client(self._said)
        self._earlier += [_BREAK, *shown] if any(map(_is_text, self._earlier)) and any(map(_is_text, shown)) else shown
        self._usages.append(self._usage)
        self._begin()
        contents = ({"role": "model", "parts": said}, {"role": "user", "parts": told})
        return appended(body, "contents", [encoded(content) for content in contents])


def _candidate(answer: Object) -> Object:
    return next(iter(as_objects(answer.get("candidates"))), {})


def _parts(candidate: Object) -> list[Object]:
    return as_objects(as_object(candidate.get("content")).get("parts"))


def _is_text(part: Object) -> bool:
    return bool(as_text(part.get("text"))) and part.get("thought") is not True


def _is_empty(part: Object) -> bool:
    """Whether a part need not go back: no text at all, or a summary of thoughts, without a signature."""
    return _SIGNATURE not in part and (part.get("text") == "" or part.get("thought") is True)


def _own_call(call: Object) -> OwnCall:
    return OwnCall(as_text(call.get("id")), call["name"], encoded(call.get("args", {})))


def _response(call: Object, text: str) -> Object:
    named: Object = {key: call[key] for key in ("id", "name") if key in call}
    return {**named, "response": {"result": text}}
