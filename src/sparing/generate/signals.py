"""What can be told of an answer beside its request: is it an answer, is it grounded, does it say itself that it is not.

Each signal is a number; `veto` names what settles it at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import exp, log1p
from typing import Any

import msgspec

from sparing.generate.asked import Asked
from sparing.generate.draft import Draft

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-ZÀ-Þ][\w'’-]+")
_REFUSAL = re.compile(
    r"\bI(?:'m| am) (?:sorry|unable|not able|not sure)\b|\bI (?:cannot|can't|can not|(?:don't|do not) (?:have|know))\b|"
    r"\bAs an AI\b|\bnot enough information\b|\b(?:does not|doesn't) (?:say|mention|provide|specify)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n```\s*\Z", re.DOTALL)
_FEW_WORDS = 3
_HEAD_CHARS, _HEAD_TOKENS = 200, 32
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


def veto(asked: Asked, draft: Draft) -> str:
    """Why an answer is none, whatever else speaks for it; "" if nothing says so."""
    if not draft.text.strip():
        return "empty"
    if draft.ended and draft.ended != "stop":
        return f"ended with {draft.ended}"
    if _REFUSAL.search(draft.text):
        return "refused"
    if asked.wants_json and not _is_asked_json(draft.text, asked.schema):
        return "not the JSON that was asked for"
    if ungrounded_numbers(asked, draft) == 1.0 and _NUMBER.search(asked.text):
        return "numbers from nowhere"
    return ""


def signals_of(asked: Asked, draft: Draft) -> tuple[float, ...]:
    """The signals, in the order of `NAMES`."""
    return tuple(float(signal(asked, draft)) for signal in _SIGNALS.values())


def head_of(draft: Draft) -> Draft | None:
    """The beginning of an answer, to be judged while the rest is still to come; None of one that is no longer."""
    if len(draft.text) <= _HEAD_CHARS:
        return None
    return Draft(draft.text[:_HEAD_CHARS], "", draft.logprobs[:_HEAD_TOKENS])


def ungrounded_numbers(asked: Asked, draft: Draft) -> float:
    """Share of the answer's numbers that the request does not have; 0 if there are none."""
    known = set(_NUMBER.findall(asked.text))
    numbers = set(_NUMBER.findall(draft.text))
    return len(numbers - known) / len(numbers) if numbers else 0.0


def _ungrounded_names(asked: Asked, draft: Draft) -> float:
    names = set(_NAME.findall(draft.text))
    return sum(name not in asked.text for name in names) / len(names) if names else 0.0


def _grounded_words(asked: Asked, draft: Draft) -> float:
    """Share of the answer's words that stand in the request."""
    words = _words(draft.text)
    known = set(_words(asked.text))
    return sum(word in known for word in words) / len(words) if words else 0.0


def _echo(asked: Asked, draft: Draft) -> float:
    """Share of the answer's words that stand in the last line of the question: telling it back is no answer."""
    words = _words(draft.text)
    lines = [line for line in asked.question.splitlines() if line.strip()]
    known = {word for line in lines[-2:] for word in _words(line)}
    return sum(word in known for word in words) / len(words) if words else 0.0


def _verbatim(asked: Asked, draft: Draft) -> float:
    """Share of the answer's runs of three words that stand in the request as they are."""
    words = _words(draft.text)
    if len(words) < _FEW_WORDS:
        return float(" ".join(words) in " ".join(_words(asked.text)))
    said = f" {' '.join(_words(asked.text))} "
    runs = [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
    return sum(f" {run} " in said for run in runs) / len(runs)


def _repetition(_asked: Asked, draft: Draft) -> float:
    """Share of the answer's runs of three words that it said before."""
    words = _words(draft.text)
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _sureness(draft: Draft, of: Callable[[list[float]], float]) -> float:
    return exp(of(draft.logprobs)) if draft.logprobs else 0.5


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _is_asked_json(text: str, schema: dict[str, Any] | None) -> bool:
    fenced = _FENCE.match(text)
    try:
        value = msgspec.json.decode(fenced[1] if fenced else text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(value, dict | list) and _fits(value, schema or {})


def _fits(value: object, schema: dict[str, Any]) -> bool:
    """The parts of JSON Schema that a weak model gets wrong: types, required members, items, choices."""
    kind = _TYPES.get(str(schema.get("type", "")))
    if kind is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        return False
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        return False
    if isinstance(value, dict):
        members = schema.get("properties")
        known = members if isinstance(members, dict) else {}
        required = schema.get("required")
        has_all = all(name in value for name in required) if isinstance(required, list) else True
        return has_all and all(
            _fits(value[name], inner) for name, inner in known.items() if name in value and isinstance(inner, dict)
        )
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return all(_fits(one, items) for one in value)
    return True


_SIGNALS: dict[str, Callable[[Asked, Draft], float]] = {
    "length": lambda _, draft: log1p(len(_words(draft.text))),
    "numbers from nowhere": ungrounded_numbers,
    "names from nowhere": _ungrounded_names,
    "words of the request": _grounded_words,
    "words of the question": _echo,
    "verbatim": _verbatim,
    "repetition": _repetition,
    "mean chance of tokens": lambda _, draft: _sureness(draft, lambda logs: sum(logs) / len(logs)),
    "least chance of tokens": lambda _, draft: _sureness(draft, min),
    "chance of the first token": lambda _, draft: _sureness(draft, lambda logs: logs[0]),
    "agreement of samples": lambda _, draft: draft.agreement,
}
NAMES = tuple(_SIGNALS)
