"""The tools of a request: shortened always, picked where the policy says so, the same bytes in every turn."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.ladder import Skip
from sparing.core.wire import Wire
from sparing.guard.structure import same_shape
from sparing.pipeline import Reduction, reduce_body
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for
from sparing.toolset.memo import shortened
from sparing.toolset.plan import plan_tools
from sparing.toolset.search import FIND

TOPICS = ("weather", "invoice", "flight", "recipe", "museum", "patient", "parcel", "lawsuit", "orchestra", "glacier")
QUESTION = "How far did the glacier retreat last summer?"


def schema(topic: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": f"The name of the {topic}, for example 'first'."},
            "limit": {"type": "integer", "description": "The most results that shall be given.", "default": 10},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


def tool(topic: str, wire: str = "openai.chat", **members: Any) -> dict[str, Any]:
    name, description = f"find_{topic}", f"Look up a {topic} by its name. It may take a while until it is found."
    if wire == "anthropic.messages":
        return {"name": name, "description": description, "input_schema": schema(topic), **members}
    function = {"name": name, "description": description, "parameters": schema(topic)}
    return {"type": "function", "function": function, **members}


def body_of(messages: list[dict[str, Any]], tools: list[dict[str, Any]], **fields: Any) -> bytes:
    request = {"model": "gpt-4o", "max_tokens": 9, "tools": tools, "messages": messages, **fields}
    return json.dumps(request, indent=1).encode()


def run(
    messages: list[dict[str, Any]],
    tools: list[dict[str, Any]],
    wire: str = "openai.chat",
    mode: Mode = Mode.ON,
    budget: int | None = None,
    fields: dict[str, Any] | None = None,
    **policy: Any,
) -> Reduction:
    body = body_of(messages, tools, **(fields or {}))
    return reduce_body(body, registry.load("wires", wire), PolicySettings(**policy), Budget(budget), mode)


def asked(question: str = QUESTION) -> list[dict[str, Any]]:
    return [{"role": "user", "content": question}]


def call(name: str, call_id: str = "c1") -> list[dict[str, Any]]:
    function = {"name": name, "arguments": "{}"}
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }
    return [called, {"role": "tool", "tool_call_id": call_id, "content": "none"}]


def names(reduction: Reduction) -> list[str]:
    return [one.get("function", one)["name"] for one in json.loads(reduction.body)["tools"]]


@pytest.mark.parametrize("wire", ["openai.chat", "anthropic.messages"])
def test_schemas_cost_fewer_tokens(wire: str) -> None:
    """Every definition is shorter, everything else is as it was, and the receipt adds up."""
    tools = [tool(topic, wire) for topic in TOPICS]
    reduction = run(asked(), tools, wire)
    sent = json.loads(reduction.body)
    assert names(reduction) == [f"find_{topic}" for topic in TOPICS]
    assert {**sent, "tools": None} == {**json.loads(body_of(asked(), tools)), "tools": None}
    receipt = reduction.receipt
    assert receipt.reason == ""
    assert receipt.kept < 0.8
    assert {span.kind for span in receipt.spans} == {"tool_schema"}
    assert receipt.saved_tokens == sum(span.tokens_before - span.tokens_after for span in receipt.spans)


def test_few_tokens_of_schemas_stay() -> None:
    """Below the policy's least size nothing is touched, and the reason is given."""
    reduction = run(asked(), [tool("weather")])
    assert reduction.body == body_of(asked(), [tool("weather")])
    assert reduction.receipt.reason == "nothing in this request may be reduced"


def test_modes_and_budgets_leave_them() -> None:
    """Off and a budget that is met touch nothing; audit accounts and sends the original."""
    tools = [tool(topic) for topic in TOPICS]
    original = body_of(asked(), tools)
    audit = run(asked(), tools, mode=Mode.AUDIT)
    assert audit.body == original
    assert audit.receipt.saved_tokens > 0
    assert run(asked(), tools, mode=Mode.AUDIT, most_tools=3).left_out_tools == ()
    for options in ({"mode": Mode.OFF}, {"effort": "off"}, {"budget": 100_000}):
        untouched = run(asked(), tools, **options)  # type: ignore[arg-type]
        assert untouched.body == original
        assert untouched.receipt.spans == ()
        assert untouched.receipt.reason


def test_a_budget_counts_what_the_schemas_save(report: str) -> None:
    """What the tools no longer take is there for the text."""
    messages = asked(f"{report}\n\nWho signed the lease of the observatory?")
    receipt = run(messages, [tool(topic) for topic in TOPICS], budget=2_000).receipt
    assert 1_800 <= receipt.tokens_after <= 2_000


def test_exempt_tools_and_cache_marks_stay() -> None:
    """An exempt tool's definition is left as it is; a cache mark stays on its tool."""
    mark = {"cache_control": {"type": "ephemeral"}}
    tools = [*(tool(topic, "anthropic.messages") for topic in TOPICS), tool("mark", "anthropic.messages", **mark)]
    for most_tools in (0, 3):
        reduction = run(asked(), tools, "anthropic.messages", exempt_tools=("find_recipe",), most_tools=most_tools)
        sent = {one["name"]: one for one in json.loads(reduction.body)["tools"]}
        assert sent["find_recipe"] == tool("recipe", "anthropic.messages")
        assert sent["find_mark"]["cache_control"] == mark["cache_control"]


@pytest.mark.parametrize("wire", ["openai.chat", "anthropic.messages"])
def test_a_catalogue_is_cut_to_what_the_first_turn_is_about(wire: str) -> None:
    """The tool asked about is there, the others are listed in the search; all of it is accounted for."""
    reduction = run(asked(), [tool(topic, wire) for topic in TOPICS], wire, most_tools=3)
    sent = names(reduction)
    assert "find_glacier" in sent
    assert len(sent) == 4
    assert sent[3:] == [FIND]
    search = json.loads(reduction.body)["tools"][3]
    listed = search.get("function", search)["description"]
    assert all((f"find_{topic}" in listed) != (f"find_{topic}" in sent) for topic in TOPICS)
    left_out = [json.loads(text) for text in reduction.left_out_tools]
    assert [one.get("function", one)["name"] for one in left_out] == [
        f"find_{topic}" for topic in TOPICS if f"find_{topic}" not in sent
    ]
    receipt = reduction.receipt
    spans = sum(span.tokens_before - span.tokens_after for span in receipt.spans)
    assert receipt.saved_tokens == pytest.approx(spans, abs=7 * len(TOPICS))  # the wire's own tokens per tool
    assert receipt.kept < 0.55


def test_the_choice_does_not_change_with_the_conversation() -> None:
    """Later questions about other things leave the tools as they are; a call of a left-out tool adds it at the end."""
    tools = [tool(topic) for topic in TOPICS]
    first = run(asked(), tools, most_tools=3)
    talk = [*asked(), *call("find_glacier"), {"role": "user", "content": "And the weather there?"}]
    head = first.body.split(b'"messages"')[0]
    assert run(talk, tools, most_tools=3).body.startswith(head)
    found = [*talk, *call("find_flight", "c2")]
    after = run(found, tools, most_tools=3)
    assert names(after) == [*names(first), "find_flight"]
    assert after.body.startswith(head[: head.rindex(b"]")])
    again = [*found, *call("find_glacier", "c3"), *call("find_flight", "c4")]
    assert names(run(again, tools, most_tools=3)) == names(after)


def test_a_forced_tool_is_there() -> None:
    """What `tool_choice` names has to be declared."""
    choice = {"tool_choice": {"type": "function", "function": {"name": "find_flight"}}}
    tools = [tool(topic) for topic in TOPICS]
    free, forced = run(asked(), tools, most_tools=2), run(asked(), tools, most_tools=2, fields=choice)
    assert names(forced) == [*names(free), "find_flight"]


@pytest.mark.parametrize("question", ["Hello!", "你好，请问明天天气怎么样？", "Explain monads."])
def test_without_evidence_all_tools_are_sent(question: str) -> None:
    """A first turn that names nothing the tools know is no ground to leave any out."""
    assert len(names(run(asked(question), [tool(topic) for topic in TOPICS], most_tools=3))) == len(TOPICS)


def test_a_request_without_a_user_turn() -> None:
    """Nobody asked anything: all tools are sent."""
    messages = [{"role": "system", "content": "Be brief about glaciers."}]
    assert len(names(run(messages, [tool(topic) for topic in TOPICS], most_tools=3))) == len(TOPICS)


def test_a_search_that_costs_more_than_it_spares_is_not_offered() -> None:
    """One small tool too many stays."""
    tools = [
        tool("glacier"),
        tool("museum"),
        tool("parcel"),
        {"type": "function", "function": {"name": "f", "parameters": {}}},
    ]
    assert names(run(asked(), tools, most_tools=3)) == ["find_glacier", "find_museum", "find_parcel", "f"]


def test_tools_that_cannot_be_told_apart_are_all_sent() -> None:
    """Two of one name, or one that is called like Sparing's own."""
    tools = [tool(topic) for topic in TOPICS]
    assert len(names(run(asked(), [*tools, tools[0]], most_tools=3))) == len(TOPICS) + 1
    own = {"type": "function", "function": {"name": FIND, "parameters": {}}}
    assert len(names(run(asked(), [*tools, own], most_tools=3))) == len(TOPICS) + 1


def test_the_guard_wants_the_same_tools_in_order() -> None:
    """Changed definitions pass only where the plan says so, and only under the planned names."""
    wire: Wire = registry.load("wires", "openai.chat")
    before = wire.parse(body_of(asked(), [tool("weather"), tool("glacier")]))
    plan = plan_tools(before, wire, PolicySettings(min_tokens=0), counter_for("gpt-4o"))
    after = wire.parse(wire.apply(before, (), plan.patches))
    assert plan.names == ("find_weather", "find_glacier")
    assert same_shape(before, after, plan.names)
    assert not same_shape(before, after)
    assert not same_shape(before, after, ("find_glacier", "find_weather"))
    assert not same_shape(before, after, ("find_weather",))


def test_a_failure_leaves_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while a definition is shortened, the request goes on with it as it came."""

    def fail(*_: object) -> str | Skip:
        raise RuntimeError("a bug")

    monkeypatch.setattr("sparing.toolset.memo.shorten_tool", fail)
    reduction = run(asked(), [tool(topic) for topic in ("bug", "beetle", "spider", "moth")])
    assert reduction.receipt.saved_tokens == 0


def test_warm_costs_microseconds() -> None:
    """The same definition is shortened once: asking again takes a small part of the time."""
    text = json.dumps(tool("a topic that no other test has"))
    started = time.process_time()
    first = shortened(text, "balanced")
    cold_s = time.process_time() - started
    started = time.process_time()
    for _ in range(100):
        assert shortened(text, "balanced") is first
    assert (time.process_time() - started) / 100 < cold_s / 5
    assert shortened(text, "balanced", ("of the a topic",)) != first


notes = st.sampled_from(["", "The city.", "Optional. In meters, e.g. 3 (not 0)!", "どこの都市ですか。"]) | st.text(
    max_size=40
)


@st.composite
def definition(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["city", "description", "title", "größe"]), unique=True))
    types = st.sampled_from([{"type": "string", "enum": ["a", "b"]}, {"type": ["number", "null"], "minimum": 0.5}, {}])
    properties = {name: {"description": draw(notes), **draw(types)} for name in names}
    schema = {"type": "object", "properties": properties, "required": names[:1]}
    return {"name": draw(st.sampled_from("abcd")), "description": draw(notes), "input_schema": schema}


def bare(tool: dict[str, Any]) -> dict[str, Any]:
    """A definition without descriptions."""
    properties = tool["input_schema"]["properties"]
    kept = {name: {k: v for k, v in one.items() if k != "description"} for name, one in properties.items()}
    return {"name": tool["name"], "input_schema": {**tool["input_schema"], "properties": kept}}


@given(st.lists(definition(), max_size=5), st.sampled_from(["safe", "balanced", "max"]), st.integers(0, 3), notes)
@settings(max_examples=80, deadline=None)
def test_any_tools_stay_valid(tools: list[dict[str, Any]], effort: str, most_tools: int, question: str) -> None:
    """Never larger, the same tools in order, the same calls; and the same bytes in the next turn."""
    policy = {"effort": effort, "most_tools": most_tools, "min_tokens": 0}
    reduction = run(asked(question), tools, "anthropic.messages", **policy)
    assert reduction.receipt.tokens_after <= reduction.receipt.tokens_before
    sent = [one for one in json.loads(reduction.body)["tools"] if one["name"] != FIND]
    left_out = [json.loads(text) for text in reduction.left_out_tools]
    kept, rest = [bare(one) for one in sent], [bare(one) for one in left_out]  # these shortened as well
    assert sorted(map(json.dumps, kept + rest)) == sorted(json.dumps(bare(one)) for one in tools)
    in_order = iter([bare(one) for one in tools])
    assert all(one in in_order for one in kept)
    later = [*asked(question), {"role": "assistant", "content": "Hm."}, {"role": "user", "content": "And then?"}]
    again = run(later, tools, "anthropic.messages", **policy)
    assert again.body.split(b'"messages"')[0] == reduction.body.split(b'"messages"')[0]
