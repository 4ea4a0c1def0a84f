"""The most that reducing could save: what a reduction would send that knew the rest of the recording.

It is no method: nobody knows what later answers will use. What it does not save, no reduction of the same texts saves
while every value that is used later stays readable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sparing.evals.later_use import is_used, said_of, values
from sparing.evals.literal import visible
from sparing.evals.traffic.bodies import encode
from sparing.evals.traffic.conversation import Answer, Conversation
from sparing.evals.traffic.others import Recorder
from sparing.evals.traffic.sender import Posted, Sender

ONLY_USED = "only_used"
ONLY_USED_SILENT = "only_used_silent"

_Places = dict[tuple[str, int], str]  # (how the conversation begins, number of the message) -> what is kept of a result


def ceilings(recorded: Sequence[Conversation]) -> list[Recorder]:
    """Two senders for recordings in OpenAI's form.

    `ONLY_USED` keeps of tool results only the values that later answers use, each where it stands first, and nothing of
    what stands in what was said before. `ONLY_USED_SILENT` also leaves out all that the assistant said.
    """
    return [
        Recorder(_knowing(ONLY_USED, recorded, silent=False), own_form_only=True),
        Recorder(_knowing(ONLY_USED_SILENT, recorded, silent=True), own_form_only=True),
    ]


def _knowing(name: str, recorded: Sequence[Conversation], *, silent: bool) -> Sender:
    kept: _Places = {}
    for conversation in recorded:
        kept.update(_kept(conversation, silent=silent))

    def send(_wire: str, body: bytes) -> Posted:
        request = json.loads(body)
        start = _start(request)
        for number, message in enumerate(request["messages"]):
            if message["role"] == "tool":
                message["content"] = kept[start, number]
            elif message["role"] == "assistant" and silent:
                message["content"] = ""
        return Posted(encode(request))

    return Sender(name, send)


def _kept(conversation: Conversation, *, silent: bool) -> Iterator[tuple[tuple[str, int], str]]:
    """What is kept of each tool result, in the order in which they came."""
    requests = [json.loads(turn.body) for turn in conversation.turns]
    start = _start(requests[-1])
    readable: list[str] = []
    for number, message in enumerate(requests[-1]["messages"]):
        content = message.get("content") or ""
        if message["role"] == "tool":
            seeing = (len(request["messages"]) > number for request in requests)
            used = _used([turn.answer for turn, sees in zip(conversation.turns, seeing, strict=True) if sees], content)
            content = " ".join(value for value in used if not visible("\n".join(readable), value))
            yield (start, number), content
        if message["role"] != "assistant" or not silent:
            readable.append(content)
        readable += [call["function"]["arguments"] for call in message.get("tool_calls") or ()]


def _used(answers: Sequence[Answer], result: str) -> list[str]:
    """Values of a result that answers pass to tools or say."""
    passed = {value for answer in answers for text in answer.arguments for value in values(text)}
    said = said_of(answer.said for answer in answers)
    return [value for value in values(result) if is_used(value, passed, said)]


def _start(request: dict[str, Any]) -> str:
    return next(str(message["content"]) for message in request["messages"] if message["role"] == "user")
