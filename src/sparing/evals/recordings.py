"""Public conversations as recorded traffic: an airline agent's runs, task-oriented dialogues."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sparing.evals.airline_tools import airline_tools
from sparing.evals.data import Source, first_file, read_jsonl
from sparing.evals.task import Draw
from sparing.evals.tasks.tau_bench import SOURCE
from sparing.evals.traffic.bodies import encode, read_logged
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.logs import read_logs

SGD = Source(
    "sgd",
    "https://github.com/google-research-datasets/dstc8-schema-guided-dialogue",
    "CC BY-SA 4.0",
    "dialogues.jsonl: id, and turns with speaker and text",
)
_DIALOGUES = 8  # in a row make one session: one alone is too short for anything to be reduced


def tau_conversations(draw: Draw, model: str = "gpt-4o") -> list[Conversation]:
    """The first n trajectories; every request of the agent is a turn."""
    path = first_file(SOURCE, draw.data_dir, ("airline_gpt4o.jsonl", "gpt-4o-airline.json"))
    return list(read_logs([path], model).conversations[: draw.n])


def with_tools(conversation: Conversation) -> Conversation:
    """The same requests with the schemas of the agent's tools, which the recordings lack."""
    tools = airline_tools()
    turns = []
    for turn in conversation.turns:
        body = json.loads(turn.body)
        turns.append(replace(turn, body=encode({"model": body["model"], "tools": tools, "messages": body["messages"]})))
    return replace(conversation, turns=tuple(turns))


def sgd_conversations(draw: Draw, model: str = "gpt-4o") -> list[Conversation]:
    """n sessions of eight dialogues each, one after the other with the same assistant."""
    path = first_file(SGD, draw.data_dir, ("dialogues.jsonl",))
    rows = read_jsonl(path)
    sessions = iter(lambda: list(islice(rows, _DIALOGUES)), [])
    return [_session(dialogues, model) for dialogues in islice(sessions, draw.n)]


def _session(rows: Sequence[dict[str, Any]], model: str) -> Conversation:
    messages = [
        {"role": "user" if turn["speaker"] == "USER" else "assistant", "content": turn["text"]}
        for row in rows
        for turn in row["turns"]
    ]
    logged = read_logged({"messages": messages}, model)
    return Conversation(f"sgd-{rows[0]['id']}", logged.wire, logged.turns)
