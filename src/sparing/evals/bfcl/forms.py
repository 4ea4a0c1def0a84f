"""Ways of writing a tool definition, and what each saves and loses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sparing.evals.bfcl.calls import hints, is_expressible, still_said
from sparing.evals.bfcl.openai_form import openai_tokens
from sparing.evals.bfcl.questions import Question, Tool, as_sent, minified
from sparing.evals.units import o200k
from sparing.settings.policy import Effort
from sparing.toolset.memo import shortened


def _reduced(effort: Effort) -> Callable[[Tool], str]:
    def form(tool: Tool) -> str:
        return shortened(as_sent(tool), effort)

    return form


def _without_descriptions(node: Any, *, named: bool = False) -> Any:
    """A definition without any description; properties of that name stay."""
    if isinstance(node, list):
        return [_without_descriptions(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    kept = {key: inner for key, inner in node.items() if named or key != "description"}
    return {key: _without_descriptions(inner, named=key == "properties" and not named) for key, inner in kept.items()}


FORMS: Mapping[str, Callable[[Tool], str]] = {
    "as sent": as_sent,
    "minified": minified,
    "sparing, safe": _reduced("safe"),
    "sparing, balanced": _reduced("balanced"),
    "sparing, max": _reduced("max"),
    "no descriptions": lambda tool: minified(_without_descriptions(tool)),
    "names only": lambda tool: json.dumps({"type": "function", "function": {"name": tool["function"]["name"]}}),
}


def numbers_of(questions: Sequence[Question], write: Callable[[Tool], str]) -> dict[str, float]:
    """Pooled numbers of one form: tokens saved by three measures, gold calls expressible, value hints kept."""
    count = o200k().count
    totals = dict.fromkeys(("sent", "minified", "openai", "after", "openai_after"), 0)
    calls = expressible = all_hints = kept_hints = 0
    for question in questions:
        texts = [write(tool) for tool in question.tools]
        after = [{"parameters": {}, **json.loads(text)["function"]} for text in texts]
        reduced = [{"function": function} for function in after]
        for tool, text, short in zip(question.tools, texts, reduced, strict=True):
            totals["sent"] += count(as_sent(tool))
            totals["minified"] += count(minified(tool))
            totals["after"] += count(text)
            totals["openai"] += openai_tokens(tool)
            totals["openai_after"] += openai_tokens(short)
        for call in question.calls:
            if not is_expressible(call, question.tools):
                continue  # the gold itself does not fit the published schema
            calls += 1
            expressible += is_expressible(call, reduced)
            before = next(tool for tool in question.tools if tool["function"]["name"] == call.name)
            left = reduced[question.tools.index(before)]
            for name in call.arguments:
                said = hints(before, name)
                all_hints += len(said)
                kept_hints += sum(still_said(left, name, hint) for hint in said)
    return {
        "saved": 1 - totals["after"] / totals["sent"],
        "saved_of_minified": 1 - totals["after"] / totals["minified"],
        "saved_in_openai_form": 1 - totals["openai_after"] / totals["openai"],
        "calls": calls,
        "expressible": expressible / calls if calls else 1.0,
        "hints": all_hints,
        "hints_kept": kept_hints / all_hints if all_hints else 1.0,
    }
