"""How much to think, set in every provider's own field, and nothing else of the request changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import MalformedBody
from sparing.receive.depth.levels import BUDGETS, LEVELS, is_more
from sparing.receive.depth.reasoning import set_reasoning
from sparing.receive.knobs import read_knobs

CHAT, RESPONSES, MESSAGES, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"
ENABLED = {"type": "enabled", "budget_tokens": 10000}
SIGNED = {"type": "thinking", "thinking": "hm", "signature": "s"}
CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "4"}]}


def loop(*blocks: dict[str, Any]) -> list[dict[str, Any]]:
    """A conversation whose call of a tool has just been answered."""
    return [{"role": "user", "content": "q"}, {"role": "assistant", "content": [*blocks, CALL]}, RESULT]


@pytest.mark.parametrize(
    ("wire", "dial", "level", "before", "after"),
    [
        (CHAT, "effort", "low", {"a": 1}, {"reasoning_effort": "low", "a": 1}),
        (CHAT, "effort", "low", {"reasoning_effort": "high"}, {"reasoning_effort": "low"}),
        (CHAT, "effort", "none", {"reasoning_effort": None}, {"reasoning_effort": "none"}),
        (CHAT, "toggle", "none", {"reasoning_effort": "high"}, {"reasoning_effort": "high", "thinking": {"type": "disabled"}}),
        (CHAT, "toggle", "low", {}, {"reasoning_effort": "low"}),
        (CHAT, "reasoning", "low", {"reasoning": {"exclude": True}}, {"reasoning": {"effort": "low", "exclude": True}}),
        (CHAT, "reasoning", "low", {"reasoning": {"max_tokens": 9000}}, {"reasoning": {"max_tokens": 9000}}),
        (CHAT, "template", "none", {}, {"chat_template_kwargs": {"enable_thinking": False}}),
        (RESPONSES, "effort", "low", {"reasoning": {"effort": "high", "summary": "auto"}}, {"reasoning": {"effort": "low", "summary": "auto"}}),
        (RESPONSES, "effort", "minimal", {"input": "x"}, {"reasoning": {"effort": "minimal"}, "input": "x"}),
        (RESPONSES, "toggle", "none", {}, {"reasoning": {"effort": "none"}}),
        (MESSAGES, "budget", "low", {"max_tokens": 20000, "thinking": ENABLED}, {"max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (MESSAGES, "budget", "none", {"max_tokens": 20000, "thinking": ENABLED}, {"max_tokens": 20000, "thinking": {"type": "disabled"}}),
        (MESSAGES, "budget", "medium", {"max_tokens": 20000}, {"max_tokens": 20000}),
        (MESSAGES, "effort", "low", {"max_tokens": 5}, {"max_tokens": 5}),
        (MESSAGES, "adaptive", "low", {}, {"output_config": {"effort": "low"}}),
        (MESSAGES, "adaptive", "none", {"output_config": {"effort": "max"}}, {"output_config": {"effort": "high"}, "thinking": {"type": "disabled"}}),
        (MESSAGES, "toggle", "low", {"output_config": {"effort": "high"}}, {"output_config": {"effort": "low"}}),
        (GEMINI, "level", "low", {}, {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}),
        (GEMINI, "level", "low", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 9000}}}, {"generationConfig": {"thinkingConfig": {"thinkingBudget": 9000}}}),
        (GEMINI, "tokens", "none", {"generationConfig": {"topP": 1}}, {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "topP": 1}}),
        (GEMINI, "tokens", "low", {"generation_config": {"thinking_config": {"thinking_budget": -1}}}, {"generation_config": {"thinking_config": {"thinking_budget": 1024}}}),
    ],
)  # fmt: skip
def test_a_level_is_set_where_the_model_reads_it(
    wire: str, dial: Any, level: Any, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """In place of what the request says, or beside what it says of something else."""
    assert json.loads(set_reasoning(json.dumps(before).encode(), wire, dial, level)) == after


@pytest.mark.parametrize(
    ("before", "level", "thinking"),
    [
        ({"max_tokens": 16000}, "medium", {"type": "enabled", "budget_tokens": 4096}),
        ({"max_tokens": 4000}, "medium", {"type": "enabled", "budget_tokens": 2000}),
        ({"max_tokens": 2000}, "medium", None),
        ({"max_tokens": 16000, "temperature": 0.2}, "medium", None),
        ({"max_tokens": 16000, "temperature": 1}, "low", {"type": "enabled", "budget_tokens": 1024}),
        ({"max_tokens": 16000, "temperature": 0.2, "thinking": ENABLED}, "low", {"type": "disabled"}),
        ({"max_tokens": 16000, "top_k": 5, "thinking": ENABLED}, "low", {"type": "disabled"}),
        ({"max_tokens": 16000, "tool_choice": {"type": "any"}, "thinking": ENABLED}, "low", {"type": "disabled"}),
        ({"max_tokens": 16000, "tool_choice": {"type": "auto"}, "thinking": ENABLED}, "low", {"type": "enabled", "budget_tokens": 1024}),
        ({"max_tokens": 40000, "thinking": {"type": "enabled", "budget_tokens": 2000}}, "high", {"type": "enabled", "budget_tokens": 16384}),
        ({"max_tokens": 12000, "thinking": ENABLED}, "high", ENABLED),
    ],
)  # fmt: skip
def test_a_budget_goes_by_the_providers_rules(before: dict[str, Any], level: Any, thinking: Any) -> None:
    """At least 1,024, at most half of the answer where it is raised, none where a sampler or a forced tool forbids it."""
    body = json.dumps({**before, "messages": []}).encode()
    assert json.loads(set_reasoning(body, MESSAGES, "budget", level, may_raise=True)).get("thinking") == thinking


def test_thought_is_not_turned_off_or_on_in_an_open_loop() -> None:
    """Signed thoughts of the loop ask for thought to go on; a loop that began without any goes on without."""
    base = {"max_tokens": 20000, "thinking": ENABLED}
    for level, blocks, thinking in (
        ("none", [SIGNED], ENABLED),
        ("low", [SIGNED], {"type": "enabled", "budget_tokens": 1024}),
        ("low", [], {"type": "disabled"}),
    ):
        body = json.dumps({**base, "messages": loop(*blocks)}).encode()
        assert json.loads(set_reasoning(body, MESSAGES, "budget", level))["thinking"] == thinking
    adaptive = json.dumps({"thinking": {"type": "adaptive"}, "messages": loop(SIGNED)}).encode()
    assert set_reasoning(adaptive, MESSAGES, "adaptive", "none") == adaptive
    begun = json.dumps({"max_tokens": 20000, "messages": loop(SIGNED)}).encode()
    assert set_reasoning(begun, MESSAGES, "budget", "high", may_raise=True) == begun


_thinking = st.sampled_from([*LEVELS, None])
_requests = st.one_of(
    st.tuples(st.just(CHAT), st.just("effort"), st.builds(lambda level: {"reasoning_effort": level}, _thinking)),
    st.tuples(st.just(RESPONSES), st.just("effort"), st.builds(lambda level: {"reasoning": {"effort": level}}, _thinking)),
    st.tuples(
        st.just(MESSAGES),
        st.just("budget"),
        st.builds(
            lambda most, budget: {"max_tokens": most + budget, "thinking": {"type": "enabled", "budget_tokens": budget}},
            st.integers(1, 30_000),
            st.integers(1024, 30_000),
        ),
    ),
    st.tuples(
        st.just(GEMINI),
        st.just("tokens"),
        st.builds(lambda n: {"generationConfig": {"thinkingConfig": {"thinkingBudget": n}}}, st.integers(-1, 30_000)),
    ),
)  # fmt: skip


@given(_requests, st.sampled_from(["none", "low", "medium", "high"]), st.booleans(), st.sampled_from([None, 1]))
def test_never_deeper_than_asked_unless_allowed(
    request_: tuple[str, Any, dict[str, Any]], level: Any, may_raise: bool, indent: int | None
) -> None:
    """What is asked for is a ceiling; budgets stay valid; the rest of the body stays as it is, to the byte."""
    wire, dial, said = request_
    text = '\u00e9 "thinking": {}'
    body = json.dumps({"model": "m", "x": [text], **said}, ensure_ascii=False, indent=indent).encode()
    after = set_reasoning(body, wire, dial, level, may_raise=may_raise)
    asked, now = read_knobs(body).depth, read_knobs(after).depth
    if not may_raise and asked:
        assert not is_more(now, asked)
    thinking = json.loads(after).get("thinking", {})
    if "budget_tokens" in thinking:
        assert 1024 <= thinking["budget_tokens"] < json.loads(after)["max_tokens"]
        assert may_raise or thinking["budget_tokens"] <= said["thinking"]["budget_tokens"]
    assert json.dumps(text, ensure_ascii=False).encode() in after
    assert set_reasoning(after, wire, dial, level, may_raise=may_raise) == after


def test_a_level_that_is_there_changes_nothing() -> None:
    """The very bytes."""
    body = b'{ "reasoning_effort" : "low" }'
    assert set_reasoning(body, CHAT, "effort", "low") is body
    assert set_reasoning(body, CHAT, "effort", "high") is body


def test_a_body_that_cannot_be_read_is_named() -> None:
    """As for any other change of it."""
    with pytest.raises(MalformedBody):
        set_reasoning(b"{", CHAT, "effort", "low")


def test_budgets_rise_with_levels() -> None:
    """What is no level is neither more nor less."""
    assert list(BUDGETS.values()) == sorted(BUDGETS.values())
    assert not is_more("odd", "low")
    assert not is_more("low", "odd")
