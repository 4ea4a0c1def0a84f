"""Anthropic Messages: several answers made one. Implements `finish.own_calls.Loop`.

The client sees one message with the content blocks of all answers but for the calls of our tools, numbered through,
one stop reason, and usage that is the sum; a streamed answer says the whole of it in its `message_delta`.

If the model calls tools of the client's in the same answer, ours are dropped and the client's go on: it runs them, as
the model wanted, and the model can ask again when it has their results.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sparing.finish.appended import appended
from sparing.finish.events import comments_of, data_of, encoded, written
from sparing.finish.own_calls import OwnCall
from sparing.finish.shapes import Object, as_index, as_object, as_objects, as_text
from sparing.finish.usages import summed

_CALLS = "tool_use"
_GROWS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def open_loop(own: frozenset[str]) -> AnthropicMessagesLoop:
    """A loop for one request that offers these tools."""
    return AnthropicMessagesLoop(own)


class AnthropicMessagesLoop:
    def __init__(self, own: frozenset[str]) -> None:
        self.calls: tuple[OwnCall, ...] = ()
        self.final = False
        self._own = own
        self._first: Object = {}  # the message that the client knows this one by
        self._usages: list[Object] = []  # of the answers before this one
        self._earlier: list[Object] = []  # blocks of theirs that the client got
        self._num_shown = 0
        self._begin()

    def _begin(self) -> None:
        """Get ready for the next answer of the model."""
        self.calls = ()
        self._blocks: dict[int, Object] = {}
        self._arguments: dict[int, str] = {}
        self._shown: dict[int, int] = {}  # index as it came -> index as the client sees it
        self._usage: Object = {}

    # Streamed

    def event(self, event: bytes) -> bytes:
        data = data_of(event)
        if not isinstance(data, dict):
            return event
        sent = self._sent(data)
        if sent is None:
            return comments_of(event)
        return written(event, sent) if sent is not data else event

    def _sent(self, data: Object) -> Object | None:
        """The data itself, other data in its place, or None."""
        match data.get("type"):
            case "message_start":
                self._usage = summed([as_object(as_object(data.get("message")).get("usage"))])
                return None if self._usages else data
            case "content_block_start":
                return self._start(data)
            case "content_block_delta":
                self._grow(as_index(data.get("index")), as_object(data.get("delta")))
                return self._numbered(data)
            case "content_block_stop":
                return self._numbered(data)
            case "message_delta":
                return self._close(data)
            case "message_stop":
                return None if self.calls else data
        return data

    def _start(self, data: Object) -> Object | None:
        index, block = as_index(data.get("index")), as_object(data.get("content_block"))
        self._blocks[index] = dict(block)
        if not self._is_ours(block):
            self._shown[index] = self._num_shown
            self._num_shown += 1
        return self._numbered(data)

    def _numbered(self, data: Object) -> Object | None:
        index = as_index(data.get("index"))
        if self._is_ours(self._blocks.get(index, {})):
            return None
        shown = self._shown.get(index, index)
        return data if shown == index else {**data, "index": shown}

    def _grow(self, index: int, delta: Object) -> None:
        block = self._blocks.setdefault(index, {})
        kind = as_text(delta.get("type"))
        if kind == "input_json_delta":
            self._arguments[index] = self._arguments.get(index, "") + as_text(delta.get("partial_json"))
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta.get("citation")]
        elif kind in _GROWS:
            key = _GROWS[kind]
            block[key] = as_text(block.get(key)) + as_text(delta.get(key))

    def _close(self, data: Object) -> Object | None:
        delta, usage = as_object(data.get("delta")), as_object(data.get("usage"))
        self._usage |= {name: count for name, count in usage.items() if count is not None}
        blocks = [self._finished(index) for index in sorted(self._blocks)]
        stop = self._settle(blocks, delta.get("stop_reason"))
        if self.calls:
            return None
        if stop != delta.get("stop_reason"):
            data = {**data, "delta": {**delta, "stop_reason": stop}}
        return {**data, "usage": summed([*self._usages, self._usage])} if self._usages else data

    def _finished(self, index: int) -> Object:
        """The block as the model has written it."""
        block = self._blocks[index]
        arguments = self._arguments.get(index)
        if arguments is not None and not self._is_ours(block):
            try:
                return {**block, "input": json.loads(arguments or "{}")}
            except ValueError:
                return block
        return block if arguments is None else {**block, "input": arguments}

    def end(self) -> bytes:
        return b""  # an event of the format's own ends an answer

    # Whole

    def whole(self, body: bytes) -> bytes:
        if not self._usages and not any(name.encode() in body for name in self._own):
            return body
        try:
            answer = json.loads(body)
            blocks, stop = as_objects(answer["content"]), answer["stop_reason"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return body  # not an answer we know; the client may
        self._first, self._usage = self._first or answer, as_object(answer.get("usage"))
        stop = self._settle(blocks, stop)
        if self.calls:
            return b""
        shown = [block for block in blocks if not self._is_ours(block)]
        if not self._usages and len(shown) == len(blocks):
            return body
        usage = summed([*self._usages, self._usage])
        content = [*self._earlier, *shown]
        made = {**answer, "id": self._first.get("id"), "content": content, "stop_reason": stop, "usage": usage}
        return encoded(made).encode()

    # Both

    def _is_ours(self, block: Object) -> bool:
        return block.get("type") == _CALLS and as_text(block.get("name")) in self._own

    def _settle(self, blocks: list[Object], stop: str | None) -> str | None:
        """Find the calls to answer, if the answer goes on; else the stop reason as the client sees it."""
        self._said = blocks
        ours = [block for block in blocks if self._is_ours(block)]
        theirs = [block for block in blocks if block.get("type") == _CALLS and block not in ours]
        if not ours or theirs or stop != _CALLS:
            return stop
        if not self.final:
            self.calls = tuple(_own_call(block) for block in ours)
        return "end_turn"

    def follow_up(self, body: bytes, results: Sequence[str]) -> bytes:
        self._earlier += [block for block in self._said if not self._is_ours(block)]
        said = [_readable(block) for block in self._said if block.get("type") != "text" or block.get("text")]
        told = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in zip(self.calls, results, strict=True)
        ]
        self._usages.append(self._usage)
        self._begin()
        messages = ({"role": "assistant", "content": said}, {"role": "user", "content": told})
        return appended(body, "messages", [encoded(message) for message in messages])


def _own_call(block: Object) -> OwnCall:
    given = block.get("input")
    return OwnCall(as_text(block.get("id")), block["name"], given if isinstance(given, str) else encoded(given))


def _readable(block: Object) -> Object:
    """A block as the API takes it back: the input of a call has to be an object, whatever the model wrote."""
    if block.get("type") != _CALLS or isinstance(block.get("input"), dict):
        return block
    try:
        given = json.loads(block.get("input") or "{}")
    except (ValueError, TypeError):
        given = {}
    return {**block, "input": given if isinstance(given, dict) else {}}
