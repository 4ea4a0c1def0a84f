"""The nouns of recorded traffic: a conversation as the requests that were sent for it, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.core.counter import Counter

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered.

    Attributes:
        said: Its text.
        arguments: JSON text of the arguments of each tool call.
        thought: Reasoning that the log shows; billed as output, and read by nobody.
        output_tokens: As the provider reported them; -1 where it said nothing.
    """

    said: str = ""
    arguments: tuple[str, ...] = ()
    thought: str = ""
    output_tokens: int = -1

    def tokens(self, counter: Counter) -> int:
        """Tokens that were billed: the reported ones, else counted."""
        if self.output_tokens >= 0:
            return self.output_tokens
        return sum(counter.count(text) for text in (self.thought, self.said, *self.arguments))


@dataclass(frozen=True, slots=True)
class Turn:
    """One request and its answer; an answer that was not recorded is empty."""

    body: bytes
    answer: Answer = Answer()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The requests of one session, in the order in which they were sent.

    Attributes:
        id: Where it stands: ``log.jsonl:12``, the line of its first request.
        wire: Name of the wire format of all its bodies.
    """

    id: str
    wire: str
    turns: tuple[Turn, ...]


def objects(value: Any) -> list[Json]:
    """The JSON objects of an array; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def answer_of(messages: Sequence[Json], output_tokens: int = -1) -> Answer:
    """The answer that these consecutive messages of the assistant are, in either wire format."""
    said, arguments, thought = [], [], []
    for message in messages:
        for part in _parts(message.get("content")):
            if part.get("type") in ("tool_use", "server_tool_use"):
                arguments.append(json.dumps(part.get("input"), ensure_ascii=False))
            else:
                said.append(str(part.get("text") or part.get("refusal") or ""))
                thought.append(str(part.get("thinking") or ""))
        arguments += _arguments(message)
        thought.append(str(message.get("reasoning_content") or ""))
    return Answer("\n".join(filter(None, said)), tuple(arguments), "\n".join(filter(None, thought)), output_tokens)


def _parts(content: Any) -> Iterator[Json]:
    """The parts of a message's content; a string is one part."""
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    else:
        yield from objects(content)


def _arguments(message: Json) -> list[str]:
    """Arguments of calls as OpenAI writes them, the older form included."""
    calls = objects(message.get("tool_calls"))
    forms = [call.get("function") or call.get("custom") for call in calls] + [message.get("function_call")]
    return [str(form.get("arguments") or form.get("input") or "") for form in forms if isinstance(form, dict)]
