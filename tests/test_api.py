"""The library's contract."""

from __future__ import annotations

import json
import subprocess
import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparing
from sparing.errors import BudgetExceeded, RequestError
from sparing.handles import handle_of
from sparing.tokens.models import counter_for

POEM = "".join(
    f"The {n}th guest came in from the rain and hung up a coat. Nobody asked where guest {n} had been all day. "
    for n in range(80)
)


def test_budget_and_evidence() -> None:
    """The sentence that answers is there, the count is exact and within the budget."""
    text = POEM + "The silver key was under the third flowerpot. " + POEM
    reduced = sparing.reduce_text(text, query="Where was the silver key?", budget=200)
    assert "under the third flowerpot" in reduced.text
    assert reduced.tokens_after == counter_for("gpt-4o").count(reduced.text) <= 200
    assert 0 < reduced.kept < 0.1
    assert sum(elision.num_units for elision in reduced.elided) > 100


@pytest.mark.parametrize("keep", [0.1, 0.25, 0.5, 1.0])
def test_keep(keep: float) -> None:
    """A share is kept to within a sentence."""
    reduced = sparing.reduce_text(POEM, query="guest 7", keep=keep)
    assert reduced.kept <= keep
    assert reduced.kept >= keep - 0.05


@given(st.text(max_size=2000), st.floats(0.1, 1))
@settings(max_examples=60, deadline=None)
def test_any_text_is_safe(text: str, keep: float) -> None:
    """Whatever comes in, what goes out is no larger and nothing raises."""
    reduced = sparing.reduce_text(text, query="what is it?", keep=keep)
    assert reduced.tokens_after <= reduced.tokens_before
    if reduced.tokens_after == reduced.tokens_before:
        assert reduced.text == text
        assert reduced.reason or not text


def test_one_budget_for_several_texts() -> None:
    """Texts compete for one budget; the one that answers gets most of it."""
    items = [("a", POEM), ("b", POEM.replace("guest", "guard") + "The key was sold to the glazier."), ("c", POEM)]
    reduced = sparing.reduce_texts(items, query="Who was the key sold to, the glazier?", budget=400)
    assert sum(one.tokens_after for one in reduced) <= 400
    assert "sold to the glazier" in reduced[1].text


@pytest.mark.parametrize("budget", [60, 200, 1_000, None])
def test_marks_name_the_whole_text(budget: int | None) -> None:
    """With recall, what is shortened ends in its handle, within the budget; what is whole has none."""
    long, short = sparing.reduce_texts([("a", POEM), ("b", "short")], query="guest 7", budget=budget, recall=True)
    assert long.handle == handle_of(POEM)
    assert long.text.rstrip().endswith(f"sparing_recall({long.handle})]")
    assert (short.handle, short.text) == ("", "short")
    assert budget is None or long.tokens_after + short.tokens_after <= budget


def test_a_budget_too_small_for_a_mark() -> None:
    """It holds, without one."""
    (reduced,) = sparing.reduce_texts([("", POEM)], budget=10, recall=True)
    assert reduced.tokens_after <= 10
    assert reduced.handle == ""


@pytest.mark.parametrize(
    "options",
    [{"budget": -1}, {"keep": 1.5}, {"budget": 5, "keep": 0.5}, {"kind": "novel"}, {"budget": 2.5}],
)
def test_bad_arguments(options: dict[str, object]) -> None:
    """Bad arguments are typed errors with a hint."""
    with pytest.raises(RequestError) as caught:
        sparing.reduce_text(POEM, **options)  # type: ignore[arg-type]
    assert caught.value.hint


def test_pinned_more_than_the_budget() -> None:
    """Pins that do not fit are refused rather than dropped."""
    with pytest.raises(BudgetExceeded):
        sparing.reduce_text(POEM, budget=20, pins=["guest"])


async def test_async_twins() -> None:
    """The async forms give the same."""
    assert (await sparing.areduce_text(POEM, keep=0.3)).text == sparing.reduce_text(POEM, keep=0.3).text
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    assert (await sparing.areduce(request)).body == sparing.reduce(request).body


@pytest.mark.parametrize(
    ("wire", "request_"),
    [
        ("openai.responses", {"model": "gpt-5", "input": [{"type": "function_call_output", "output": POEM * 40}]}),
        ("gemini", {"contents": [{"parts": [{"functionResponse": {"response": {"output": POEM * 40}}}]}]}),
    ],
)
def test_requests_of_other_formats(wire: str, request_: dict[str, object]) -> None:
    """The wire format is named; the rest is alike."""
    reduced = sparing.reduce(request_, wire=wire, budget=400)
    assert type(reduced.body) is dict
    assert reduced.receipt.wire == wire
    assert reduced.receipt.tokens_after <= 400 < reduced.receipt.tokens_before


def test_public_names() -> None:
    """What is exported exists, and the list is sorted."""
    assert list(sparing.__all__) == sorted(sparing.__all__)
    assert all(getattr(sparing, name) is not None for name in sparing.__all__)
    with pytest.raises(AttributeError):
        sparing.nothing_like_this  # noqa: B018


def test_no_submodule_hides_a_public_name() -> None:
    """Using one name never turns another into a module."""
    sparing.reduce_text(POEM, keep=0.5)
    assert all(not isinstance(getattr(sparing, name), types.ModuleType) for name in sparing.__all__)


def test_import_is_light() -> None:
    """`import sparing` loads no tokenizer, no parser, no server."""
    heavy = "{'tiktoken', 'tree_sitter', 'nupunkt', 'aiohttp', 'starlette', 'rich', 'click', 'msgspec'}"
    code = f"import sys, sparing; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_json_of_a_tool_becomes_text_and_a_document_stays_json() -> None:
    """The same JSON: shorter still where only a model reads it, valid JSON where somebody may parse it."""
    source = json.dumps([{"id": f"A{i}", "city": "Porto", "price": 10 * i} for i in range(40)], indent=1)
    document = sparing.reduce_text(source)
    tool = sparing.reduce_text(source, part="tool_result")
    assert json.loads(document.text)
    assert tool.text.startswith("[id city:Porto price\nA0 0\nA1 10\n")
    assert tool.tokens_after < document.tokens_after
    with pytest.raises(RequestError, match="no part is called"):
        sparing.reduce_text(source, part="wall")


def test_tools_are_shortened_in_their_own_form() -> None:
    """Definitions come back in form and order, cheaper, and the caller's own are not touched."""
    properties = {"city": {"type": "string", "description": "The name of the city."}}
    parameters = {"type": "object", "properties": properties, "required": ["city"]}
    ours = {"name": "get_weather", "description": "Get the weather now.", "input_schema": parameters}
    search = {"type": "web_search_20250305", "name": "web_search"}
    reduced = sparing.reduce_tools([ours, search])
    assert reduced.tools == [
        {**ours, "input_schema": {**parameters, "properties": {"city": {"type": "string"}}}},
        search,
    ]
    assert "description" in properties["city"]
    assert reduced.tokens_after < reduced.tokens_before
    assert sparing.reduce_tools([ours], pins=["of the city"]).tools == [ours]
    assert sparing.reduce_tools([]).tokens_before == 0


def test_all_tools_are_sent_where_nobody_answers_a_search() -> None:
    """A policy for the gateway leaves no tool out of a request that goes out without it."""
    tools = [
        {"type": "function", "function": {"name": f"find_{topic}", "parameters": {"type": "object"}}}
        for topic in ("glacier", "museum", "parcel")
    ]
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Find the glacier."}], "tools": tools}
    policy = sparing.PolicySettings(most_tools=1, min_tokens=0)
    sent = sparing.reduce(request, policy=policy).body["tools"]
    assert [one["function"]["name"] for one in sent] == ["find_glacier", "find_museum", "find_parcel"]
