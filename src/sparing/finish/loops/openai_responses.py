"""OpenAI Responses: several answers made one. Implements `finish.own_calls.Loop`.

The client sees one response with the items of all answers but for the calls of our tools, numbered through, one end,
and usage that is the sum. The follow-up carries the whole input again and all that the model said, so that it works
whether or not the provider keeps answers; `previous_response_id` stays the client's. Only the last answer of the
provider has all of it in its history, so its id is the one to go on from, and the response has it; but a stream in
which the model said something before it called our tool keeps the id that it began with, as clients insist.

Calls and what leads to them are held back in a stream until it is known what follows: OpenAI takes no thought back
without the item it led to, and no answer with a call that has no result. For the same reason, if the model calls tools
of the client's in the same answer, it is told to call them again when it has what it asked us for, and the client sees
none of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from sparing.finish.appended import appended
from sparing.finish.events import comments_of, data_of, encoded, written
from sparing.finish.own_calls import NOT_RUN, OwnCall
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text, without
from sparing.finish.usages import summed

_OPENING = ("response.created", "response.queued", "response.in_progress")
_ENDING = ("response.completed", "response.incomplete", "response.failed")
_THOUGHT, _CALL = "reasoning", "function_call"
_CLIENT_RUNS = frozenset(
    {_CALL, "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"}
    | {"mcp_approval_request"}
)
_RESULTS = {_CALL: "function_call_output", "custom_tool_call": "custom_tool_call_output"}


def open_loop(own: frozenset[str]) -> OpenAIResponsesLoop:
    """A loop for one request that offers these tools."""
    return OpenAIResponsesLoop(own)


class OpenAIResponsesLoop:
    def __init__(self, own: frozenset[str]) -> None:
        self.calls: tuple[OwnCall, ...] = ()
        self.final = False
        self._own = own
        self._usages: list[Object] = []  # of the answers before this one
        self._earlier: list[Object] = []  # items of theirs that the client got
        self._number = -1  # of the last event that the client got
        self._id: Object = {}  # what a stream began as
        self._begin()

    def _begin(self) -> None:
        """Get ready for the next answer of the model."""
        self.calls = ()
        self._items: dict[int, Object] = {}
        self._held: list[tuple[bytes, Object]] = []
        self._holds = True
        self._called = False
        self._shift: int | None = None if self._usages else 0  # of the events' numbers
        self._usage: Object = {}

    # Streamed

    def event(self, event: bytes) -> bytes:
        comments, given = comments_of(event), data_of(event)
        if given is None and (comments or not event.strip()):
            return event  # a keep-alive does not wait, nor the blank line after it
        data: Object = given if isinstance(given, dict) else {}
        kind = data.get("type")
        if kind == "response.output_item.added":
            item = as_object(data.get("item"))
            self._items[as_index(data.get("output_index"))] = item
            self._called = self._called or _type(item) in _CLIENT_RUNS
            self._holds = self._called or _type(item) == _THOUGHT
        elif kind == "response.output_item.done":
            self._items[as_index(data.get("output_index"))] = as_object(data.get("item"))
        elif kind == "error":
            self._holds = False
        self._held.append((event[len(comments) :], data))
        if kind in _ENDING:
            self._settle(data)
            return comments + self.end()
        return comments if self._holds else comments + self.end()

    def end(self) -> bytes:
        held, self._held = self._held, []
        kept = self._for_the_client()
        if self.calls and not any(data.get("output_index") in kept for _, data in held):
            return b""
        return b"".join(self._shown(event, data, kept) for event, data in held)

    def _settle(self, data: Object) -> None:
        """Find out whether the answer goes on, now that it has ended."""
        response = as_object(data.get("response"))
        self._usage = as_object(response.get("usage"))
        self._items.update(enumerate(as_objects(response.get("output"))))
        if data["type"] == "response.completed" and not self.final:
            self.calls = self._own_calls()

    def _shown(self, event: bytes, data: Object, kept: Sequence[int]) -> bytes:
        """What the client gets of an event."""
        if isinstance(number := data.get("sequence_number"), int) and self._shift is None:
            self._shift = self._number + 1 - number
        shown = self._changed(data, kept)
        if isinstance(number, int):
            if shown is None:
                self._shift = (self._shift or 0) - 1
            else:
                self._number = number + (self._shift or 0)
                shown = shown if self._number == number else {**shown, "sequence_number": self._number}
        if shown is None:
            return b""
        return event if shown is data else written(event, shown)

    def _changed(self, data: Object, kept: Sequence[int]) -> Object | None:
        """The data itself, other data in its place, or None."""
        kind = data.get("type")
        if kind in _OPENING:
            if self._earlier:
                return None
            self._id = {"id": as_object(data.get("response")).get("id")}
            return data
        if kind in _ENDING:
            made = self._made(as_object(data.get("response")), kept)
            return None if self.calls else data if made is None else {**data, "response": made}
        if not isinstance(index := data.get("output_index"), int):
            return data
        if index not in kept:
            return None if index in self._items else data
        place = len(self._earlier) + kept.index(index)
        return data if place == index else {**data, "output_index": place}

    # Whole

    def whole(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
            output, status = answer["output"], answer["status"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return body  # not an answer we know; the client may
        self._items = dict(enumerate(as_objects(output)))
        self._usage = as_object(answer.get("usage"))
        if status == "completed" and not self.final:
            self.calls = self._own_calls()
        if self.calls:
            return b""
        made = self._made(answer, self._for_the_client())
        return body if made is None else encoded(made).encode()

    # Both

    def _is_ours(self, item: Object) -> bool:
        return _type(item) == _CALL and as_text(item.get("name")) in self._own

    def _own_calls(self) -> tuple[OwnCall, ...]:
        ours = (item for item in self._items.values() if self._is_ours(item))
        return tuple(OwnCall(as_text(i.get("call_id")), i["name"], as_text(i.get("arguments"))) for i in ours)

    def _for_the_client(self) -> list[int]:
        """Indices of the items that the client gets: thoughts only with what they led to."""
        hidden = _CLIENT_RUNS if self.calls else frozenset[str]()
        items = self._items
        kept = [i for i in sorted(items) if not self._is_ours(items[i]) and _type(items[i]) not in hidden]
        while kept and len(kept) < len(items) and _type(items[kept[-1]]) == _THOUGHT:
            kept.pop()
        return kept

    def _made(self, response: Object, kept: Sequence[int]) -> Object | None:
        """The finished response with the items of all answers; None where it is the whole of it as it came."""
        if not self._usages and len(kept) == len(self._items):
            return None
        output = [*self._earlier, *(self._items[index] for index in kept)]
        return {**response, **self._id, "output": output, "usage": summed([*self._usages, self._usage]) or None}

    def follow_up(self, body: bytes, results: Sequence[str]) -> bytes:
        given = iter(results)
        said = [item for item in self._items.values() if _goes_back(item)]
        told = [
            {
                "type": _RESULTS[_type(item)],
                "call_id": item.get("call_id"),
                "output": next(given) if self._is_ours(item) else NOT_RUN,
            }
            for item in said
            if _type(item) in _RESULTS
        ]
        self._earlier += [self._items[index] for index in self._for_the_client()]
        self._usages.append(self._usage)
        self._begin()
        if not _is_kept(body):
            said = [without(item, "id") for item in said if _type(item) != _THOUGHT or item.get("encrypted_content")]
        return appended(body, "input", [encoded(item) for item in (*said, *told)], _as_message)


def _goes_back(item: Object) -> bool:
    """Whether an item can be among the next input: a call has to have a result, and not every kind takes a text."""
    return _type(item) not in _CLIENT_RUNS or _type(item) in _RESULTS


def _type(item: Object) -> str:
    return as_text(item.get("type"))


class _Kept(msgspec.Struct):
    store: bool | None = None


def _is_kept(body: bytes) -> bool:
    """Whether the provider keeps its answers, so that it knows the ids of items."""
    try:
        return msgspec.json.decode(body, type=_Kept).store is not False
    except (msgspec.DecodeError, RecursionError):
        return True


def _as_message(text: str) -> str:
    """What an input that is a string stands for."""
    return f'{{"role":"user","content":{text}}}'
