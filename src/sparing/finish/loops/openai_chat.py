"""OpenAI Chat Completions: several answers made one. Implements `finish.own_calls.Loop`.

The client sees one `id`, one role, one finish reason, and usage that is the sum. What the model said before it called
our tool is passed on as it comes; what it says afterwards follows after a blank line.

If the model calls tools of the client's in the same answer, ours are dropped and the client's go on: it runs them, as
the model wanted, and the model can ask again when it has their results.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sparing.finish.appended import appended
from sparing.finish.events import comments_of, data_of, encoded, written
from sparing.finish.own_calls import OwnCall
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text, without
from sparing.finish.usages import summed

_BREAK = "\n\n"
_CUT_SHORT = frozenset({"length", "content_filter"})  # a call in such an answer may be half of one
_ONCE = frozenset({"role", "id", "type", "name", "index"})  # of a delta: said once, and not in pieces
_Key = tuple[int, str]  # index and id of a call: some servers give all calls the same index
_NAME = ("id", "created")
_TEXTS = ("content", "reasoning_content", "reasoning")


def open_loop(own: frozenset[str]) -> OpenAIChatLoop:
    """A loop for one request that offers these tools."""
    return OpenAIChatLoop(own)


class OpenAIChatLoop:
    def __init__(self, own: frozenset[str]) -> None:
        self.calls: tuple[OwnCall, ...] = ()
        self.final = False
        self._own = own
        self._name: Object = {}  # what the client knows this answer by
        self._usages: list[Object] = []  # of the answers before this one
        self._texts: Object = {}  # what they said
        self._begin()

    def _begin(self) -> None:
        """Get ready for the next answer of the model."""
        self.calls = ()
        self._message: Object = {}  # all of it but the calls
        self._usage: Object = {}
        self._newest: dict[int, _Key] = {}  # the call that an index stands for at the moment
        self._ours: dict[_Key, Object] = {}
        self._theirs: dict[_Key, int] = {}  # by which index the client knows each
        self._ended = False

    # Streamed

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data == "[DONE]":
            if not self._ended and self._goes_on(""):
                self._end()
            return comments_of(event) if self.calls else event
        if not isinstance(data, dict) or "error" in data:
            return event
        sent = self._chunk(data)
        if sent is None:
            return comments_of(event)
        return written(event, sent) if sent is not data else event

    def _chunk(self, chunk: Object) -> Object | None:
        """The chunk itself, another one in its place, or None."""
        choices = as_objects(chunk.get("choices"))
        kept = [shown for choice in choices if (shown := self._choice(choice)) is not None]
        sent = chunk if kept == choices else {**chunk, "choices": kept}
        if isinstance(chunk.get("usage"), dict):
            self._usage = chunk["usage"]
            if self.calls:
                sent = without(sent, "usage")
            elif self._usages:
                sent = {**sent, "usage": summed([*self._usages, self._usage])}
        if self._usages:
            sent = {**sent, **self._name}
        elif chunk.get("id"):
            self._name = {key: chunk[key] for key in _NAME if key in chunk}
        return None if (choices or self.calls) and not kept else sent

    def _choice(self, choice: Object) -> Object | None:
        """What the client gets of a choice; None when nothing of it is for the client."""
        delta = as_object(choice.get("delta"))
        _merge(self._message, without(delta, "tool_calls"))
        shown = self._with_calls(delta) if "tool_calls" in delta else self._continued(delta)
        finish = given = choice.get("finish_reason")
        if as_text(given):
            self._ended = True
            if self._goes_on(as_text(given)):
                self._end()
                finish = None
            elif self._ours and not self._theirs:
                finish = _without_calls(given)
        if (shown is not delta or finish != given) and not finish and not any(shown.values()):
            return None
        return choice if shown is delta and finish == given else {**choice, "delta": shown, "finish_reason": finish}

    def _with_calls(self, delta: Object) -> Object:
        """The delta without our calls, and the client's numbered as if ours had not been there."""
        calls = as_objects(delta["tool_calls"])
        shown = [numbered for call in calls if (numbered := self._call(call)) is not None]
        delta = self._continued(delta)
        if shown == calls:
            return delta
        return {**delta, "tool_calls": shown} if shown else without(delta, "tool_calls")

    def _call(self, call: Object) -> Object | None:
        index, name = as_index(call.get("index")), as_text(call.get("id"))
        if name:
            self._newest[index] = (index, name)
        key = self._newest.setdefault(index, (index, ""))
        if key in self._ours or _name_of(call) in self._own:
            _merge(self._ours.setdefault(key, {}), call)
            return None
        shown = self._theirs.setdefault(key, max(0, index - len(self._ours)))
        return call if shown == index else {**call, "index": shown}

    def _continued(self, delta: Object) -> Object:
        """The delta as one of an answer that has begun before."""
        if not self._usages:
            return delta
        shown = without(delta, "role")
        for key in _TEXTS:
            if as_text(shown.get(key)) and self._texts.get(key):
                shown[key] = _BREAK + shown[key]
                self._texts[key] = ""
        return shown

    def _goes_on(self, finish: str) -> bool:
        return bool(self._ours) and not self._theirs and not self.final and finish not in _CUT_SHORT

    def _end(self) -> None:
        calls = [{"type": "function", **without(call, "index")} for call in self._ours.values()]
        self._message["tool_calls"] = calls
        self.calls = tuple(map(_own_call, calls))

    def end(self) -> bytes:
        return b""  # an event of the format's own ends an answer

    # Whole

    def whole(self, body: bytes) -> bytes:
        if not self._usages and not any(name.encode() in body for name in self._own):
            return body
        try:
            answer = json.loads(body)
            choice = answer["choices"][0]
            message = choice["message"]
            calls = as_objects(message.get("tool_calls"))
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            return body  # not an answer we know; the client may
        ours = [call for call in calls if _name_of(call) in self._own]
        theirs = [call for call in calls if _name_of(call) not in self._own]
        self._name = self._name or {key: answer[key] for key in _NAME if key in answer}
        self._usage = as_object(answer.get("usage"))
        self._ours = {(index, ""): call for index, call in enumerate(ours)}
        self._theirs = {(index, ""): index for index in range(len(theirs))}
        if self._goes_on(as_text(choice.get("finish_reason"))):
            self._message = dict(message)
            self._end()
            return b""
        if not ours and not self._usages:
            return body
        return encoded(self._made_one(answer, choice, message, theirs, dropped=bool(ours))).encode()

    def _made_one(
        self, answer: Object, choice: Object, message: Object, theirs: list[Object], *, dropped: bool
    ) -> Object:
        for key in _TEXTS:
            if self._texts.get(key):
                message[key] = _BREAK.join(filter(None, (self._texts[key], as_text(message.get(key)))))
        if dropped:
            message["tool_calls"] = theirs
            if not theirs:
                del message["tool_calls"]
                choice["finish_reason"] = _without_calls(choice.get("finish_reason"))
        if "usage" in answer:
            answer["usage"] = summed([*self._usages, self._usage])
        return {**answer, **self._name}

    # Both

    def follow_up(self, body: bytes, results: Sequence[str]) -> bytes:
        said = {"role": "assistant", "content": None}
        said |= {key: value for key, value in self._message.items() if value is not None}
        told = (
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(self.calls, results, strict=True)
        )
        texts = (_BREAK.join(filter(None, (self._texts.get(key), as_text(self._message.get(key))))) for key in _TEXTS)
        self._texts = dict(zip(_TEXTS, texts, strict=True))
        self._usages.append(self._usage)
        self._begin()
        return appended(body, "messages", [encoded(message) for message in (said, *told)])


def _name_of(call: Object) -> str:
    return as_text(as_object(call.get("function")).get("name"))


def _own_call(call: Object) -> OwnCall:
    arguments = as_text(as_object(call.get("function")).get("arguments"))
    return OwnCall(as_text(call.get("id")), _name_of(call), arguments)


def _without_calls(finish: str | None) -> str | None:
    return "stop" if finish == "tool_calls" else finish


def _merge(into: Object, delta: Object) -> None:
    """Add a delta to what has come so far: texts and lists grow, objects are merged."""
    for key, value in delta.items():
        before = into.get(key)
        if isinstance(value, dict) and (before is None or isinstance(before, dict)):
            into[key] = before = before or {}
            _merge(before, value)
        elif not before:
            into[key] = value
        elif key not in _ONCE and isinstance(before, str | list) and type(value) is type(before):
            into[key] += value
