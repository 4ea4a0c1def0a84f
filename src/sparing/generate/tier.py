"""One upstream asked for one model, whatever model the caller named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from sparing.core.upstream import Answer, Call, Upstream, served_by
from sparing.generate.passing import Passing

KEYS = frozenset(("authorization", "x-api-key", "api-key", "x-goog-api-key"))
_CONTROL = "x-sparing-"
_KEY_IN_QUERY = re.compile(r"([?&])key=[^&]*&?")  # Gemini's other way to carry it

SetModel = Callable[[Call, str], Call]
SetThought = Callable[[Call], Call | None]

_NOT_TAKEN = (400, 422)

# Requests whose model a tier stands for. Others (embeddings, files, lists of models) name models of another kind.
_TIERED = re.compile(
    r"/v1/(?:chat/completions|responses|messages|messages/count_tokens)/?"
    r"|.*:(?:generateContent|streamGenerateContent|countTokens)"
)


def is_tiered(call: Call) -> bool:
    """Whether a tier's model may answer a call."""
    return call.method == "POST" and _has_model(call.path)


@lru_cache(maxsize=64)
def _has_model(target: str) -> bool:
    return _TIERED.fullmatch(target.partition("?")[0]) is not None


@dataclass(frozen=True, slots=True)
class Tier:
    """A model and its upstream. Implements `core.upstream.Upstream`.

    Attributes:
        name: As settings and callers call it.
        model: Asked for in place of the caller's; "" leaves that.
        provider: Who is paid, as the price table calls it.
        set_model: Puts a model's name in a call.
        callers_keys: Whether the caller's own key is meant for this upstream; it is not sent to another.
        set_thought: Puts the thought that a call wants in its body; None where the model has no way to be told.
    """

    name: str
    upstream: Upstream
    set_model: SetModel
    model: str = ""
    provider: str = ""
    callers_keys: bool = False
    set_thought: SetThought = lambda _: None

    async def send(self, call: Call) -> Answer:
        call = self._own(call)
        told = self.set_thought(call) if call.thought is not None and is_tiered(call) else None
        answer = await self.upstream.send(told or call)
        if told is not None and told.body is not call.body and answer.status in _NOT_TAKEN:
            await answer.aclose()
            told = None
            answer = await self.upstream.send(call)
        level = told.thought.level if told is not None and told.thought is not None else ""
        served = served_by(answer)
        model = self.model if self.model and is_tiered(call) else served.model
        return Passing(answer, replace(served, tier=self.name, provider=self.provider, model=model, thought=level))

    async def aclose(self) -> None:
        await self.upstream.aclose()

    def _own(self, call: Call) -> Call:
        read = {name.decode() for name in getattr(self.upstream, "control_headers", ())}
        dropped = frozenset() if self.callers_keys else KEYS
        headers = {
            name: value
            for name, value in call.headers.items()
            if name not in dropped and (not name.startswith(_CONTROL) or name in read)
        }
        path = call.path if self.callers_keys else _KEY_IN_QUERY.sub(r"\1", call.path).rstrip("?&")
        call = replace(call, headers=headers, path=path)
        return self.set_model(call, self.model) if self.model and is_tiered(call) else call
