"""Calls of Sparing's own tools: who answers them, and within what bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sparing.core.counter import Counter
from sparing.core.span import Prompt

MOST_TURNS = 4  # in which calls are answered; after one more, in which they are refused, the answer ends
MOST_TOKENS = 16_000  # of answers to calls, within one answer to the client
NOT_RUN = "This was not carried out. Call it again if you still need it."  # a call beside one of ours
NO_MORE = "Nothing more can be looked up in this answer. Go on with what you have."


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gives the model.

    Attributes:
        text: The result that it reads.
        tools: Definitions (JSON in the request's own form) of tools that are declared to it from now on.
    """

    text: str
    tools: tuple[str, ...] = ()


Handler = Callable[[Mapping[str, Any], Prompt], Given]
"""Answers one call: its arguments, the request as the client sent it -> what the model gets."""


@dataclass(frozen=True, slots=True)
class OwnCall:
    """The model calls a tool of ours.

    Attributes:
        arguments: JSON text, as the model wrote it.
    """

    id: str
    name: str
    arguments: str


class Loop(Protocol):
    """Makes one answer to the client out of all that the model says while it calls our tools. One per request.

    Give it the events of a streamed answer, or the whole of another one, and look at `calls`: if there are any, the
    answer is not complete; answer them, send `follow_up`, and give it what comes back. An answer that calls none of
    our tools passes byte for byte.

    Attributes:
        calls: To be answered before the answer can go on; known once the answer has ended (and `end` was called).
        final: Set it when calls will not be answered any more; they are then dropped.
    """

    calls: tuple[OwnCall, ...]
    final: bool

    def event(self, event: bytes) -> bytes:
        """What the client gets for one server-sent event; b"" when it is withheld."""
        ...

    def end(self) -> bytes:
        """What the client still gets when a streamed answer has ended."""
        ...

    def whole(self, body: bytes) -> bytes:
        """What the client gets for an answer that was not streamed; b"" when it is not complete."""
        ...

    def follow_up(self, body: bytes, results: Sequence[str]) -> bytes:
        """The request to send next: `body`, the one answered last, with the calls and their results added."""
        ...


class Answering:
    """Answers the calls within one request.

    Args:
        prompt: The request as the client sent it.
        counter: Of the model that reads the answers.
    """

    def __init__(self, handlers: Mapping[str, Handler], prompt: Prompt, counter: Counter) -> None:
        self._handlers = handlers
        self._prompt = prompt
        self._counter = counter
        self.recalled_tokens = 0
        self.turns = 0

    def answer(self, calls: Sequence[OwnCall]) -> list[Given]:
        """What each call gives, in order. CPU-bound; calls beyond the bounds are told so."""
        self.turns += 1
        results = []
        for call in calls:
            over = self.turns > MOST_TURNS or self.recalled_tokens >= MOST_TOKENS
            given = Given(NO_MORE) if over else self._one(call)
            self.recalled_tokens += sum(map(self._counter.count, (given.text, *given.tools)))
            results.append(given)
        return results

    @property
    def spent(self) -> bool:
        """Whether the calls of the next answer would not be answered any more, not even by a refusal."""
        return self.turns > MOST_TURNS

    def _one(self, call: OwnCall) -> Given:
        try:
            arguments = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            return Given(f"The arguments of {call.name} were not a JSON object. Call it again with one.")
        return self._handlers[call.name](arguments, self._prompt)
