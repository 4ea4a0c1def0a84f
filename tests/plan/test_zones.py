"""What is the user's own words, and what is material."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sparing.core.question import Question
from sparing.core.span import Kind, Prompt, Span, Zone
from sparing.plan.zones import Exempt, find_parts, split_user_text

LONG = "The committee met again on Tuesday and went through the list. " * 20


def user(text: str, message: int = 0, zone: Zone = Zone.LIVE) -> Span:
    return Span(f"messages[{message}].content", Kind.USER, text, (0, 1), zone=zone, message=message)


def prompt(*spans: Span) -> Prompt:
    return Prompt("openai.chat", "{}", spans)


def test_short_message_is_all_question() -> None:
    """A short user message is pinned whole."""
    said, material = split_user_text(user("What is the capital of Romania?"))
    assert [s.text for s in said] == ["What is the capital of Romania?"]
    assert material == []


def test_question_after_material() -> None:
    """The short last paragraph is the question, the rest is material."""
    said, material = split_user_text(user(f"{LONG}\n\nWho chaired the meeting?"))
    assert [s.text for s in said] == ["Who chaired the meeting?"]
    assert material[0].text == f"{LONG}\n\n"


def test_question_before_and_after() -> None:
    """An introducing first paragraph is kept as well."""
    said, _ = split_user_text(user(f"Read these minutes:\n\n{LONG}\n\nWho chaired?"))
    assert [s.text for s in said] == ["Read these minutes:\n\n", "Who chaired?"]


def test_fenced_block_is_its_own_material() -> None:
    """The inside of a code fence is one piece and the fences stay."""
    text = f"Why does this fail?\n\n```python\n{'x = 1' * 200}\n```\n\nPlease explain."
    _, material = split_user_text(user(text))
    assert [m.text for m in material] == ["x = 1" * 200 + "\n"]


def test_frozen_user_text_yields_no_material() -> None:
    """Text the caller marked for the provider's cache is not touched."""
    _, material = split_user_text(user(f"{LONG}\n\nWho?", zone=Zone.FROZEN))
    assert material == []


@given(st.text(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_stretches_never_overlap(text: str) -> None:
    """Said and material stretches are disjoint slices of the text, in range."""
    said, material = split_user_text(user(text + LONG + text))
    whole = text + LONG + text
    ranges = sorted(s.within for s in said + material if s.within is not None)
    assert all(whole[s.within[0] : s.within[1]] == s.text for s in said + material if s.within)
    assert all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:], strict=False))


def test_tool_result_is_judged_by_words_that_were_there() -> None:
    """A later question does not change how an earlier tool result is judged."""
    call = Span("messages[1].tool_calls[0]", Kind.TOOL_CALL, '{"id": 7}', None, message=1, pair="c1", tool="get")
    result = Span("messages[2].content", Kind.TOOL_RESULT, LONG, (0, 1), message=2, pair="c1", tool="get", block=1)
    first = find_parts(prompt(user("Find order 7"), call, result)).pieces
    asked = replace(user("And who paid?", message=4), block=1)
    later = find_parts(prompt(user("Find order 7"), call, result, asked)).pieces
    assert first[0].question == later[0].question
    assert first[0].question is not None
    assert "order 7" in first[0].question.text
    assert first[0].question.text == "Find order 7\n7"


def test_document_is_judged_by_words_that_were_there() -> None:
    """A later question does not change how pasted material is judged."""
    later = replace(user("And who paid?", message=2), block=1)
    pieces = find_parts(prompt(user(f"{LONG}\n\nWho chaired?"), later)).pieces
    assert pieces[0].question == Question("Who chaired?")


def test_material_alone_is_judged_by_what_was_said_before() -> None:
    """Who announces a text and then sends it is asking about it."""
    pieces = find_parts(prompt(user("Who chaired?"), replace(user(LONG * 2, message=2), block=1))).pieces
    assert pieces[0].question == Question("Who chaired?")


def test_of_exempt_tools_nothing_is_left_out() -> None:
    """Their results are pieces that may only refer to what was sent before; those of some tools are none at all."""
    result = Span("messages[2].content", Kind.TOOL_RESULT, LONG, (0, 1), message=2, tool="Read")
    (piece,) = find_parts(prompt(user("Fix it"), result), Exempt(tools=("Read",))).pieces
    assert piece.is_exempt
    assert find_parts(prompt(user("Fix it"), result), Exempt(untouched=("Read",))).pieces == ()


def test_what_holds_an_exempt_text_is_left_alone() -> None:
    """A file by the path that it was asked by, a message by a mark in it; what else is in the turn is not exempt."""
    exempt = Exempt(texts=("pyproject.toml", "(keep)"))
    call = Span("messages[1]", Kind.TOOL_CALL, '{"path": "pyproject.toml"}', None, message=1, pair="c1")
    results = [
        Span(f"messages[{n}].content", Kind.TOOL_RESULT, LONG, (0, 1), message=n, tool="cat", pair=f"c{n - 1}")
        for n in (2, 3)
    ]
    (other,) = find_parts(prompt(user("Fix it"), call, *results), exempt).pieces
    assert other.span is results[1]
    marked = find_parts(prompt(user(f"{LONG} (keep)\n\nWho chaired?")), exempt)
    assert marked.pieces == ()
    assert [span.text for span in marked.said] == ["Who chaired?"]
