"""Requests that were logged one by one, put together to the sessions that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sparing.evals.traffic.bodies import Logged
from sparing.evals.traffic.conversation import Answer, Conversation, Json, Turn, answer_of

_LOOKED_AT = 64  # open sessions that a request which continues none to the letter is compared with
_SYSTEM = ("system", "developer")
_LIKE = 0.5  # share of a session's messages that such a request has at the same places


@dataclass
class _Session:
    id: str
    wire: str
    turns: list[Turn]
    keys: list[int]  # hash of each message of the last request
    said: list[int]  # of those that are not the system's


@dataclass
class Sessions:
    """Adds logged lines one after the other; `conversations` gives them in order of their first line.

    A request continues the session whose last request is how it begins, message by message. If there is none, it
    continues the newest one that has half of its messages (the system's aside) at the same places: a tool that rewrites
    a history breaks the prefix, and that is what is to be found out. What the log itself calls one session is one.
    """

    _all: list[_Session] = field(default_factory=list)
    _by_prefix: dict[int, list[_Session]] = field(default_factory=dict)
    _by_name: dict[str, _Session] = field(default_factory=dict)

    def add(self, logged: Logged, where: str) -> None:
        """Add a line; `where` names the session if it is a new one."""
        if logged.whole:
            self._all.append(_Session(where, logged.wire, list(logged.turns), [], []))
            return
        keys = [_key(message) for message in logged.messages]
        said = [key for key, one in zip(keys, logged.messages, strict=True) if one["role"] not in _SYSTEM]
        found = self._find(logged, keys, said)
        if found is None:
            found = _Session(where, logged.wire, list(logged.turns), keys, said)
            self._all.append(found)
        else:
            found.turns[-1] = _answered(found.turns[-1], logged.messages[len(found.keys) :])
            self._by_prefix[_chain(found.keys)[-1]].remove(found)
            found.turns += logged.turns
            found.keys, found.said = keys, said
        self._by_prefix.setdefault(_chain(keys)[-1], []).append(found)
        if logged.session:
            self._by_name[logged.session] = found

    def conversations(self) -> list[Conversation]:
        return [Conversation(one.id, one.wire, tuple(one.turns)) for one in self._all]

    def _find(self, logged: Logged, keys: list[int], said: list[int]) -> _Session | None:
        if logged.session:
            named = self._by_name.get(logged.session)
            return named if named is not None and named.wire == logged.wire else None
        for chain in reversed(_chain(keys)[:-1]):
            for found in self._by_prefix.get(chain, ()):
                if found.wire == logged.wire:
                    return found
        alike = (one for one in reversed(self._all[-_LOOKED_AT:]) if one.said and one.wire == logged.wire)
        return next((one for one in alike if _is_alike(one.said, said)), None)


def _key(message: Json) -> int:
    """A hash of a message but for its cache marks: those move on from turn to turn."""
    return hash(json.dumps(_unmarked(message), sort_keys=True))


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [_unmarked(inner) for inner in value]
    return value


def _chain(keys: Iterable[int]) -> list[int]:
    """A hash of each prefix."""
    chain, last = [], 0
    for key in keys:
        last = hash((last, key))
        chain.append(last)
    return chain


def _is_alike(before: list[int], now: list[int]) -> bool:
    same = sum(a == b for a, b in zip(before, now, strict=False))
    return len(now) > len(before) and same >= _LIKE * len(before)


def _answered(turn: Turn, since: tuple[Json, ...]) -> Turn:
    """The turn with the answer that the next request shows, where the log has none."""
    if turn.answer != Answer(output_tokens=turn.answer.output_tokens):
        return turn
    answer = [message for message in since[:1] if message["role"] == "assistant"]
    return replace(turn, answer=answer_of(answer, turn.answer.output_tokens)) if answer else turn


def in_order(lines: Iterable[tuple[str, Logged]]) -> Conversation:
    """These requests as the turns of one conversation, whatever they hold."""
    pairs = list(lines)
    return Conversation(pairs[0][0], pairs[0][1].wire, tuple(turn for _, one in pairs for turn in one.turns))
