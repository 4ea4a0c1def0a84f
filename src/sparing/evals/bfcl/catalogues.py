"""Questions put beside catalogues of many tools, and what is sent of those."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.span import Kind
from sparing.core.wire import Wire
from sparing.evals.bfcl.questions import Question, Tool, as_sent, minified
from sparing.evals.bm25 import Bm25
from sparing.evals.units import o200k
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.toolset.search import FIND


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out for one question.

    Attributes:
        tokens_before: Of the definitions as an application sends them.
        tokens_after: Of the definitions that went out, Sparing's own among them.
        ranked_in: Whether every tool that the gold calls is among those sent in full.
        cut: Whether any tool was left out.
    """

    tokens_before: int
    tokens_after: int
    ranked_in: bool
    cut: bool


def catalogue(question: Question, pool: Mapping[str, Tool], size: int, chance: random.Random) -> list[Tool]:
    """The question's own tools among others of the pool, in any order; names are unique."""
    own = {tool["function"]["name"]: tool for tool in question.tools}
    others = [name for name in pool if name not in own]
    drawn = chance.sample(others, min(max(0, size - len(own)), len(others)))
    tools = [*own.values(), *(pool[name] for name in drawn)]
    chance.shuffle(tools)
    return tools


def send(question: Question, tools: Sequence[Tool], most_tools: int) -> Sent:
    """Through the whole pipeline, at the balanced effort."""
    wire: Wire = registry.load("wires", "openai.chat")
    messages = [{"role": "user", "content": question.text}]
    body = json.dumps({"model": "gpt-4o", "messages": messages, "tools": tools}).encode()
    sent = wire.parse(reduce_body(body, wire, PolicySettings(most_tools=most_tools), Budget(), Mode.ON).body)
    spans = [span for span in sent.spans if span.kind is Kind.TOOL_SCHEMA]
    count = o200k().count
    return Sent(
        sum(count(as_sent(tool)) for tool in tools),
        sum(count(span.text) for span in spans),
        {call.name for call in question.calls} <= {span.tool for span in spans},
        any(span.tool == FIND for span in spans),
    )


def send_bm25(question: Question, tools: Sequence[Tool], most_tools: int) -> Sent:
    """The baseline: textbook BM25 over the minified JSON, the best ones sent minified, no search for the rest."""
    texts = [minified(tool) for tool in tools]
    scores = Bm25(texts).scores(question.text)
    best = sorted(range(len(tools)), key=lambda i: -scores[i])[:most_tools]
    count = o200k().count
    names = {tools[i]["function"]["name"] for i in best}
    return Sent(
        sum(count(as_sent(tool)) for tool in tools),
        sum(count(texts[i]) for i in best),
        {call.name for call in question.calls} <= names,
        True,
    )


def is_first(question: Question, tools: Sequence[Tool], texts: Sequence[str]) -> bool:
    """Whether textbook BM25 over these texts of the definitions puts a tool that the gold calls first."""
    scores = Bm25(texts).scores(question.text)
    best = max(range(len(tools)), key=lambda i: scores[i])
    return tools[best]["function"]["name"] in {call.name for call in question.calls}
