"""A small recorded conversation in both wire formats, and ways to write it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Message = dict[str, Any]

FLIGHTS = [{"flight": f"HX{100 + i}", "price": 80 + i, "from": "OSL", "seats": i} for i in range(40)]


def call(number: int, **arguments: Any) -> Message:
    function = {"name": "search", "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": f"c{number}", "function": function}]}


def result(number: int, content: Any) -> Message:
    return {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(content)}


CHAT: list[Message] = [
    {"role": "system", "content": "You book flights. Never book without a yes."},
    {"role": "user", "content": "Find me the cheapest flight from Oslo to Rome."},
    call(1, origin="OSL", day="2024-05-20"),
    result(1, FLIGHTS),
    {"role": "assistant", "content": "HX100 costs 80. Shall I book it?"},
    {"role": "user", "content": "Yes."},
    call(2, flight="HX100"),
    result(2, {"booked": "HX100", "code": "QX7P2"}),
    {"role": "assistant", "content": "Booked, your code is QX7P2."},
]

ANTHROPIC: list[Message] = [
    {"role": "user", "content": [{"type": "text", "text": "Find me the cheapest flight from Oslo to Rome."}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I search.", "signature": "x"},
            {"type": "tool_use", "id": "c1", "name": "search", "input": {"origin": "OSL"}},
        ],
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": json.dumps(FLIGHTS)}]},
    {"role": "assistant", "content": "HX100 costs 80."},
]


def requests(messages: list[Message], model: str = "gpt-4o", **more: Any) -> list[dict[str, Any]]:
    """The bodies that were sent for a conversation."""
    asked = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    return [{"model": model, **more, "messages": messages[:at]} for at in asked]


def write(path: Path, *lines: Any) -> Path:
    """A log: one JSON value a line; a string is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path
