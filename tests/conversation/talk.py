"""Conversations to fold."""

from __future__ import annotations

import json
from typing import Any

from sparing import registry
from sparing.conversation.memory import MEMORY
from sparing.core.budget import Budget, Mode
from sparing.core.wire import Wire
from sparing.pipeline import Reduction, reduce_body
from sparing.receive.resume import WALKS
from sparing.settings import PolicySettings

Message = dict[str, Any]


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": text}


def tool(number: int, result: str, name: str = "look") -> list[Message]:
    """A call and its result, OpenAI's form."""
    function = {"name": name, "arguments": json.dumps({"page": number})}
    call = {"id": f"c{number}", "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": result},
    ]


def anthropic(messages: list[Message]) -> list[Message]:
    """The same conversation in Anthropic's form."""
    result: list[Message] = []
    for message in messages:
        if message["role"] == "tool":
            block = {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}
            result.append({"role": "user", "content": [block]})
        elif message.get("tool_calls"):
            call = message["tool_calls"][0]
            arguments = json.loads(call["function"]["arguments"])
            block = {"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": arguments}
            result.append({"role": "assistant", "content": [block]})
        else:
            result.append(message)
    return result


def send(
    messages: list[Message],
    wire: str = "openai.chat",
    budget: int | None = None,
    model: str = "gpt-4o",
    **policy: Any,
) -> Reduction:
    """The request as it goes out, from memory where there is one."""
    if wire == "anthropic.messages":
        messages = anthropic(messages)
    body = json.dumps({"model": model, "max_tokens": 99, "messages": messages}).encode()
    adapter: Wire = registry.load("wires", wire)
    return reduce_body(body, adapter, PolicySettings(**policy), Budget(input_tokens=budget), Mode.ON)


def forget() -> None:
    """As after a restart."""
    MEMORY.clear()
    WALKS.clear()


def texts(body: bytes) -> str:
    """All text of a request, joined."""
    return "\n".join(str(message["content"]) for message in json.loads(body)["messages"])
