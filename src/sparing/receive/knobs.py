"""What a request says beside its text: the model, how long the answer may get, how much to think. Read, and lowered.

Every wire format has its own names for these. What is lowered is patched in place; every other byte stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sparing.core.span import Patch, Prompt
from sparing.receive.depth.levels import BUDGETS, LEVELS, level_of
from sparing.receive.fields import given
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.splice import apply_edits, encode_string

_NESTED: Final = frozenset(
    {"reasoning", "thinking", "output_config", "generationConfig", "generation_config"}
    | {"thinkingConfig", "thinking_config"}
)
_THINKING_KEYS: Final = frozenset({"thinkingConfig", "thinking_config"})
_MOST_DIGITS = 12
_OTHER_LIMITS: Final = frozenset({"gemini", "openai.responses", "anthropic.messages"})


class _Body(msgspec.Struct):
    """The members that are looked at, of any wire format, whatever their types."""

    model: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    max_output_tokens: Any = None
    n: Any = None
    reasoning_effort: Any = None
    reasoning: Any = None
    thinking: Any = None
    output_config: Any = None
    chat_template_kwargs: Any = None
    generation_config: Any = None
    generation_camel: Any = msgspec.field(default=None, name="generationConfig")


_decode = msgspec.json.Decoder(_Body).decode


@dataclass(frozen=True, slots=True)
class Knobs:
    """As a request says it.

    Attributes:
        model: "" where the body names none.
        answer_tokens: Most tokens of an answer, thinking included; None where it does not say.
        num_answers: How many answers it asks for.
        thinks: Whether it says how much to think.
        depth: How much, as a level; "" where it does not say, or in no word that is known.
    """

    model: str = ""
    answer_tokens: int | None = None
    num_answers: int = 1
    thinks: bool = False
    depth: str = ""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a request is lowered to, where it says more or nothing.

    Attributes:
        answer_tokens: Most tokens of an answer; where the request sets tokens aside for thinking, beside these.
        reasoning: The most reasoning; only lowered where the request asks for some: not every model thinks.
        answer_field: What a chat request calls the limit if it has none yet: OpenAI's newer models refuse the name that
            all others know.
    """

    answer_tokens: int | None = None
    reasoning: str | None = None
    answer_field: str = "max_tokens"


def read_knobs(body: bytes) -> Knobs:
    """The knobs of a body; nothing of one that cannot be read: whoever parses it says why."""
    try:
        said = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Knobs()
    model = said.model if isinstance(said.model, str) else ""
    gemini = said.generation_camel or said.generation_config
    if isinstance(gemini, dict):
        limit = gemini.get("maxOutputTokens", gemini.get("max_output_tokens"))
        many = gemini.get("candidateCount", gemini.get("candidate_count"))
        config = _dict(gemini.get("thinkingConfig", gemini.get("thinking_config")))
        depth = _gemini_depth(config)
        return Knobs(model, _positive(limit), _positive(many) or 1, not _THINKING_KEYS.isdisjoint(gemini), depth)
    limits = (said.max_completion_tokens, said.max_tokens, said.max_output_tokens)
    thinks = any((said.reasoning_effort, said.reasoning, said.thinking, said.output_config))
    return Knobs(model, next(filter(None, map(_positive, limits)), None), _positive(said.n) or 1, thinks, _depth(said))


def with_model(body: bytes, model: str) -> bytes:
    """The body with another model, and no other difference.

    Raises:
        MalformedBody: It cannot be read.
    """
    source, root = read_object(body, ())
    node = given(root, "model")
    if node is None:
        return body
    return _patched(source, [Patch(node.start, node.end, encode_string(model))])


def lowered(body: bytes, wire: str, caps: Caps) -> bytes:
    """The body with its knobs at most at these caps, and no other difference; the very body where they are.

    Raises:
        MalformedBody: It cannot be read.
    """
    if caps.answer_tokens is None and caps.reasoning is None:
        return body
    if caps.answer_tokens is not None and caps.reasoning is None and _may_be_put_first(body, wire):
        at = body.index(b"{") + 1
        return b'%b"%b":%d,%b' % (body[:at], caps.answer_field.encode(), caps.answer_tokens, body[at:])
    source, root = read_object(body, _NESTED)
    form = _Form(source, wire, root)
    if caps.reasoning is not None:
        form.lower_reasoning(caps.reasoning)
    if caps.answer_tokens is not None:
        form.lower_answer(caps.answer_tokens, caps.answer_field)
    return _patched(source, form.patches) if form.patches else body


def _may_be_put_first(body: bytes, wire: str) -> bool:
    """Whether a chat has no limit of its answer yet, which is most often so and told without walking through it."""
    if wire in _OTHER_LIMITS or b'"max_' in body or b"\\u" in body:  # a key may be written in escapes
        return False
    return bool(read_knobs(body).model)  # so it is an object, and not an empty one


class _Form:
    """One body on its way."""

    def __init__(self, source: str, wire: str, root: Members) -> None:
        self.patches: list[Patch] = []
        self._source = source
        self._wire = wire
        self._root = root
        self._thinking_tokens = self._number(_inner(root, "thinking"), "budget_tokens") or 0

    def lower_answer(self, tokens: int, chat_field: str) -> None:
        match self._wire:
            case "gemini":
                self._lower_gemini_answer(tokens)
            case "openai.responses":
                self._lower(self._root, "max_output_tokens", tokens)
            case "anthropic.messages":
                self._lower(self._root, "max_tokens", tokens + self._thinking_tokens)
            case _:
                names = [name for name in ("max_completion_tokens", "max_tokens") if given(self._root, name)]
                for name in names or [chat_field]:
                    self._lower(self._root, name, tokens)

    def lower_reasoning(self, most: str) -> None:
        for members, name in (
            (self._root, "reasoning_effort"),
            (_inner(self._root, "reasoning"), "effort"),
            (_inner(self._root, "output_config"), "effort"),
            (self._gemini_thinking(), "thinkingLevel"),
        ):
            self._lower_level(members, name, most)
        tokens = BUDGETS.get(most) if most != "high" else None  # high is not lowered
        if tokens is None:
            return
        for name in ("thinkingBudget", "thinking_budget"):
            self._lower_number(self._gemini_thinking(), name, tokens)
        thinking = given(self._root, "thinking")
        if thinking is not None and self._thinking_tokens > tokens:
            if tokens:
                self._lower_number(_inner(self._root, "thinking"), "budget_tokens", tokens)
            else:
                self.patches.append(Patch(thinking.start, thinking.end, '{"type":"disabled"}'))
            self._thinking_tokens = tokens

    def _lower_gemini_answer(self, tokens: int) -> None:
        for name, limit in (("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens")):
            if given(self._root, name):
                self._lower(_inner(self._root, name), limit, tokens, given(self._root, name))
                return
        self._insert(0, self._root, f'"generationConfig":{{"maxOutputTokens":{tokens}}}')

    def _gemini_thinking(self) -> Members:
        config = _inner(self._root, "generationConfig") or _inner(self._root, "generation_config")
        return _inner(config, "thinkingConfig") or _inner(config, "thinking_config")

    def _lower(self, members: Members, name: str, most: int, parent: Node | None = None) -> None:
        """Lower a limit, or set it where there is none."""
        if given(members, name):
            self._lower_number(members, name, most)
        elif name in members:
            self.patches.append(Patch(members[name].start, members[name].end, str(most)))
        else:
            self._insert(parent.start if parent else self._source.index("{"), members, f'"{name}":{most}')

    def _lower_number(self, members: Members, name: str, most: int) -> None:
        node = given(members, name)
        number = self._number(members, name)
        if node is not None and (number is None or number > most):  # Gemini's -1: as much as it likes
            self.patches.append(Patch(node.start, node.end, str(most)))

    def _lower_level(self, members: Members, name: str, most: str) -> None:
        node = given(members, name)
        if node is None or not isinstance(node.value, str) or node.value.lower() not in LEVELS:
            return
        least = 2 if self._wire == "anthropic.messages" else 0  # its weakest is low
        level = max(LEVELS.index(most), least)
        if LEVELS.index(node.value.lower()) > level:
            self.patches.append(Patch(node.start, node.end, f'"{LEVELS[level]}"'))

    def _insert(self, brace: int, members: Members, text: str) -> None:
        at = self._source.index("{", brace) + 1
        self.patches.append(Patch(at, at, f"{text}," if members else text))

    def _number(self, members: Members, name: str) -> int | None:
        node = given(members, name)
        digits = self._source[node.start : node.end] if node is not None else ""
        return int(digits) if digits.isdigit() and digits.isascii() and len(digits) <= _MOST_DIGITS else None


def _depth(said: _Body) -> str:
    """The level that a body asks for: none where thought is turned off, else an effort by name, else a budget's."""
    thinking = _dict(said.thinking)
    if thinking.get("type") == "disabled" or _dict(said.chat_template_kwargs).get("enable_thinking") is False:
        return "none"
    for effort in (said.reasoning_effort, _dict(said.reasoning).get("effort"), _dict(said.output_config).get("effort")):
        if isinstance(effort, str) and effort.lower() in LEVELS:
            return effort.lower()
    budget = thinking.get("budget_tokens", _dict(said.reasoning).get("max_tokens"))
    return level_of(budget) if isinstance(budget, int) else ""


def _gemini_depth(config: dict[str, Any]) -> str:
    level = config.get("thinkingLevel", config.get("thinking_level"))
    if isinstance(level, str) and level.lower() in LEVELS:
        return level.lower()
    budget = config.get("thinkingBudget", config.get("thinking_budget"))
    return level_of(budget) if isinstance(budget, int) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _inner(members: Members, name: str) -> Members:
    node = given(members, name)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _patched(source: str, patches: Sequence[Patch]) -> bytes:
    return apply_edits(Prompt("", source, ()), (), patches)


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_MOST_DIGITS else None
