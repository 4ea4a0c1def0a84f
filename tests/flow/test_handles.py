"""Marks with handles: on every lossy rendition, at its end, valid JSON, honest in tokens, the same in every turn."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.content import Content
from sparing.core.ladder import Elision, Rendition
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change
from sparing.handles import handle_of, marked, with_handle
from sparing.own_tools import RECALL
from sparing.pipeline import Reduction, reduce_body
from sparing.settings import PolicySettings
from sparing.testing import sample_texts
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
HANDLE = "3f9ac21b07"


def counted(body: bytes, wire: str) -> int:
    """Tokens of a whole request."""
    adapter = registry.load("wires", wire)
    return reduce_body(body, adapter, PolicySettings(), Budget(), Mode.OFF).receipt.tokens_before


WIRES = ("openai.chat", "anthropic.messages")
SAMPLES = sorted(text for texts in sample_texts().values() for text in texts)
RECALLING = PolicySettings(recall=True, deadline_ms=20_000)


def change_of(source: str, text: str, *, reducer: str = "prose.v1", content: Content = Content.PROSE) -> Change:
    elisions = () if text == source else (Elision(0, len(source), 3),)
    rendition = Rendition(text, COUNTER.count(text), 0.5, "lines", elisions, reducer)
    span = Span("messages[0].content", Kind.TOOL_RESULT, source, (0, 1))
    return Change(span, content, rendition, COUNTER.count(source), COUNTER.count(text))


def body_of(wire: str, results: list[str], **more: Any) -> bytes:
    """An agent's conversation: a question, then a call and its result per turn."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Which payment was declined, and why?"}]
    for turn, result in enumerate(results):
        if wire == "openai.chat":
            call = {"id": f"c{turn}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": result})
        else:
            use = {"type": "tool_use", "id": f"c{turn}", "name": "look", "input": {}}
            messages.append({"role": "assistant", "content": [use]})
            given_back = {"type": "tool_result", "tool_use_id": f"c{turn}", "content": result}
            messages.append({"role": "user", "content": [given_back]})
    return json.dumps({"model": "gpt-4o", **more, "messages": messages}).encode()


def reduced(body: bytes, wire: str, policy: PolicySettings = RECALLING, budget: int | None = None) -> Reduction:
    return reduce_body(body, registry.load("wires", wire), policy, Budget(budget), Mode.ON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", f'["… more: sparing_recall({HANDLE})"]'),
        ('{"a":[1]} ', f'{{"a":[1],"… more: sparing_recall({HANDLE})":""}} '),
        ('"…"', f'"… [… more: sparing_recall({HANDLE})]"'),
        ('{"a":1}\n{"b":2}\n', f'{{"a":1}}\n{{"b":2}}\n"… more: sparing_recall({HANDLE})"\n'),
        ('["\\ud83d"]', f'["\\ud83d","… more: sparing_recall({HANDLE})"]'),
        ("12", "12"),
    ],
)
def test_in_json_the_mark_is_json(text: str, expected: str) -> None:
    """A last element, a last member, the end of a string; a line of its own among JSON lines."""
    assert marked(text, HANDLE, Content.JSON) == expected


def test_elsewhere_the_mark_is_the_last_line() -> None:
    """Blank lines at the end stay at the end: a fence or a paragraph may follow."""
    assert marked("kept\n\n", HANDLE, Content.LOG) == f"kept\n[… more: sparing_recall({HANDLE})]\n\n"


def test_a_mark_is_counted() -> None:
    """The tokens are those of the text with its mark, and the kept text is untouched."""
    change = change_of("word " * 500, "word word\n")
    after = with_handle(change, COUNTER)
    assert after.rendition.text.startswith("word word\n[… more")
    assert after.tokens_after == after.rendition.tokens == COUNTER.count(after.rendition.text)


def test_what_is_lossless_has_no_mark() -> None:
    """Neither the text itself nor references to what is sent elsewhere."""
    whole = change_of("all of it " * 50, "all of it " * 50)
    refers = change_of("as before " * 50, "[… 50 lines as above]", reducer="repeats.v1")
    assert with_handle(whole, COUNTER) is whole
    assert with_handle(refers, COUNTER) is refers


def test_never_larger() -> None:
    """Where the mark would cost more than was left out, the whole text goes."""
    change = change_of("one two three four five six", "[…]")
    after = with_handle(change, COUNTER)
    assert after.rendition.text == change.span.text
    assert after.tokens_after == change.tokens_before
    assert after.rendition.elisions == ()


@given(st.sampled_from(SAMPLES), st.sampled_from(WIRES), st.sampled_from(["balanced", "max"]))
@settings(max_examples=40, deadline=None)
def test_every_lossy_text_can_be_asked_for(text: str, wire: str, effort: str) -> None:
    """What is sent with something left out carries the handle of its original, and only then."""
    body = body_of(wire, [text * 3])
    result = reduced(body, wire, PolicySettings(recall=True, effort=effort, deadline_ms=20_000))  # type: ignore[arg-type]
    sent = registry.load("wires", wire).parse(result.body)
    assert result.receipt.tokens_after == counted(result.body, wire)
    marks = [span.text for span in sent.spans if f"sparing_recall({handle_of(text * 3)})" in span.text]
    assert len(marks) == len(result.elided)
    assert result.elided in ((), (text * 3,))


@pytest.mark.parametrize("wire", WIRES)
def test_the_tool_is_offered_from_the_first_request_on(wire: str) -> None:
    """Also when there is nothing to reduce yet: adding it later would change the prefix."""
    result = reduced(body_of(wire, []), wire)
    assert result.own_tools == (RECALL.name,)
    assert RECALL.name in result.body.decode()
    assert result.receipt.tokens_after > result.receipt.tokens_before, (
        "the tool is not for free, and the receipt says so"
    )


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("off", ["recall", "effort", "mode"])
def test_without_recall_nothing_is_added(wire: str, off: str) -> None:
    """Neither a tool nor a mark."""
    policy = PolicySettings(recall=off != "recall", effort="off" if off == "effort" else "balanced", deadline_ms=20_000)
    mode = Mode.AUDIT if off == "mode" else Mode.ON
    result = reduce_body(body_of(wire, SAMPLES), registry.load("wires", wire), policy, Budget(), mode)
    assert b"sparing_recall" not in result.body
    assert (result.own_tools, result.elided) == ((), ())


def _own_tool(wire: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {}}
    if wire == "openai.chat":
        return {"type": "function", "function": {"name": RECALL.name, "parameters": schema}}
    return {"name": RECALL.name, "input_schema": schema}


@pytest.mark.parametrize(
    ("wire", "more"),
    [
        *((wire, {"tools": [_own_tool(wire)]}) for wire in WIRES),
        ("openai.chat", {"functions": [{"name": "look", "parameters": {}}]}),
        ("openai.chat", {"n": 2}),
    ],
)
def test_nothing_is_offered_that_cannot_be_given(wire: str, more: dict[str, Any]) -> None:
    """A tool of the same name, the older functions, several answers: no tool of ours, and so no marks."""
    body = body_of(wire, ["\n".join(SAMPLES)], **more)
    result = reduced(body, wire)
    assert (result.own_tools, result.elided) == ((), ())
    assert "more: sparing_recall(" not in json.dumps(json.loads(result.body)["messages"], ensure_ascii=False)


def test_one_answer_asked_for_by_name_is_one_answer() -> None:
    """`n` of 1, and an `n` inside of something else, change nothing."""
    body = body_of("openai.chat", [], n=1, metadata={"n": "7"})
    assert reduced(body, "openai.chat").own_tools


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("budget", [400, 600, 1_000, 3_000])
def test_a_budget_counts_for_more_than_marks_and_tools(wire: str, budget: int, report: str) -> None:
    """Whatever can be held without them is held with recall allowed."""
    body = body_of(wire, [report])
    assert reduced(body, wire, budget=budget).receipt.tokens_after <= budget


@given(st.lists(st.sampled_from(SAMPLES).map(lambda text: text * 2), min_size=2, max_size=5), st.sampled_from(WIRES))
@settings(max_examples=25, deadline=None)
def test_the_prefix_stays_with_recall_on(results: list[str], wire: str) -> None:
    """Each turn's body, tools and marks included, is how the next one's begins."""
    bodies = [reduced(body_of(wire, results[:turn]), wire).body for turn in range(len(results) + 1)]
    for earlier, later in zip(bodies, bodies[1:], strict=False):
        assert later.startswith(earlier.removesuffix(b"]}"))


@pytest.mark.parametrize("wire", WIRES)
def test_a_tool_that_would_break_the_budget_is_not_offered(wire: str) -> None:
    """Where nothing can be reduced to make room for it."""
    body = body_of(wire, [])
    alone = reduced(body, wire, PolicySettings()).receipt.tokens_before
    assert reduced(body, wire, budget=alone).own_tools == ()
    assert reduced(body, wire, budget=alone + 500).own_tools
