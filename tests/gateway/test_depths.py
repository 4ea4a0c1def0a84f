"""How much is thought, decided: as the providers' own clients ask, and as each provider is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from mistralai.client import Mistral
from raw_client import CHAT, MESSAGES, request
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import Out, ScriptedUpstream, Seen, answer

from sparing.gateway.upstreams import make_upstreams
from sparing.receive.depth.briefly import BRIEFLY
from sparing.settings.load import resolve

THOUGHTFUL = """
[policies.thoughtful]
loss = 0.04
depths = ["high", "medium", "low", "none", "brief"]

[policies.careful]
loss = 0.005
depths = ["high", "medium", "low"]

[policies.deeper]
loss = 0.001
depths = ["high", "medium", "low"]
deepen = true

[policies.priced]
loss = 0.04
depths = ["high", "low"]
depth_loss = { low = 0.3 }

[policies.plain]
loss = 0.04
"""


class OneTier:
    def __init__(self, upstream: ScriptedUpstream, folder: Path, model: str, wire: str, more: str) -> None:
        self.upstream = upstream
        written = f"""
[[tiers]]
name = "only"
provider = "{upstream.url}"
model = "{model}"
wires = ["{wire}"]
key = "k"
{more}
{THOUGHTFUL}
"""
        file = folder / "sparing.toml"
        file.write_text(written)
        upstreams = make_upstreams(resolve(file, env={}).settings, folder)
        self.gateway: RunningGateway = run_gateway(upstream, upstreams=upstreams, toml=written)

    @property
    def sent(self) -> Any:
        return self.upstream.seen[-1].json

    def openai(self, policy: str = "thoughtful") -> openai.OpenAI:
        headers = {"x-sparing-policy": policy}
        return openai.OpenAI(base_url=f"{self.gateway.url}/v1", api_key="c", max_retries=0, default_headers=headers)

    def anthropic(self, policy: str = "thoughtful") -> anthropic.Anthropic:
        headers = {"x-sparing-policy": policy}
        return anthropic.Anthropic(base_url=self.gateway.url, api_key="c", max_retries=0, default_headers=headers)


Start = Callable[..., OneTier]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ScriptedUpstream() as upstream:
        made: list[OneTier] = []

        def begin(model: str, wire: str = "openai.chat", more: str = "") -> OneTier:
            made.append(OneTier(upstream, tmp_path, model, wire, more))
            return made[-1]

        yield begin
        for one in made:
            one.gateway.stop()


QUESTION: list[Any] = [{"role": "user", "content": "Why is the sky blue?"}]


def test_openai_chat_is_told_the_cheapest_depth_within_the_loss(start: Start) -> None:
    """Of what the caller asks for, or the model does by itself, and never more."""
    one = start("gpt-5")
    with one.openai() as client:
        said = client.chat.completions.with_raw_response.create(model="x", messages=QUESTION, reasoning_effort="high")
        assert one.sent["reasoning_effort"] == "low"
        assert said.headers["x-sparing-depth"] == "low"
        assert "depth low" in said.headers["x-sparing-decision"]
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="minimal")
        assert one.sent["reasoning_effort"] == "minimal"
        client.chat.completions.create(model="x", messages=QUESTION)
        assert one.sent["reasoning_effort"] == "low"
    assert one.gateway.recorder.wait_for(3)[0].depth == "low"
    with one.openai("careful") as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="high")
        assert one.sent["reasoning_effort"] == "high"
    with one.openai("plain") as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="high")
        assert one.sent["reasoning_effort"] == "high"


def test_openai_responses(start: Start) -> None:
    """In the field of that format, beside what else is in it."""
    one = start("gpt-5", "openai.responses")
    with one.openai() as client:
        client.responses.create(model="x", input="Why?", reasoning={"effort": "high", "summary": "auto"})
    assert one.sent["reasoning"] == {"effort": "low", "summary": "auto"}


def test_only_a_policy_that_may_deepens(start: Start) -> None:
    """Then the caller's word is where it starts from, and more thought counts as the better answer."""
    one = start("gpt-5")
    with one.openai("deeper") as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="low")
    assert one.sent["reasoning_effort"] == "low"  # nothing is lost beside what was asked for, so nothing is raised
    one.upstream.seen.clear()
    with one.openai("careful") as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="low")
    assert one.sent["reasoning_effort"] == "low"


def test_what_a_depth_loses_is_the_policys_to_say(start: Start) -> None:
    """The shipped numbers are guesses."""
    one = start("gpt-5")
    with one.openai("priced") as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="high")
    assert one.sent["reasoning_effort"] == "high"


def test_anthropic_budgets(start: Start) -> None:
    """Lowered to a budget that the provider takes; what needs no thought has none."""
    one = start("claude-sonnet-4-5", "anthropic.messages")
    thinking: Any = {"type": "enabled", "budget_tokens": 10_000}
    with one.anthropic() as client:
        client.messages.create(model="x", max_tokens=16_000, thinking=thinking, messages=QUESTION)
        assert one.sent["thinking"] == {"type": "enabled", "budget_tokens": 1024}
        client.messages.create(model="x", max_tokens=99, messages=QUESTION)
        assert "thinking" not in one.sent


def test_an_open_loop_goes_on_as_it_began(start: Start) -> None:
    """The conversation keeps its depth, and what its turns were sent with stays the same bytes."""
    one = start("claude-sonnet-4-5", "anthropic.messages")
    thinking: Any = {"type": "enabled", "budget_tokens": 10_000}
    tool: Any = {"name": "look", "input_schema": {"type": "object"}}
    turns: list[Any] = [*QUESTION]
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    with one.anthropic() as client:
        for step in range(3):
            client.messages.create(model="x", max_tokens=16_000, thinking=thinking, tools=[tool], messages=turns)
            turns.append({"role": "assistant", "content": [thought, call]})
            turns.append(
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": str(step)}]}
            )
    sent = [seen.json for seen in one.upstream.seen]
    assert [one["thinking"]["budget_tokens"] for one in sent] == [1024, 1024, 1024]
    assert all(
        later["messages"][: len(early["messages"])] == early["messages"]
        for early, later in zip(sent, sent[1:], strict=False)
    )


def test_a_later_turn_that_is_new_here_is_left_alone(start: Start) -> None:
    """Another replica's conversation, or one from before a restart: the request goes as it is."""
    one = start("gpt-5")
    turns = [*QUESTION, {"role": "assistant", "content": "Rayleigh."}, {"role": "user", "content": "Who?"}]
    with one.openai() as client:
        client.chat.completions.create(model="x", messages=turns, reasoning_effort="high")  # type: ignore[arg-type]
    assert one.sent["reasoning_effort"] == "high"


def test_gemini_levels_and_budgets(start: Start) -> None:
    """Gemini 3 knows levels, 2.5 tokens."""
    for model, asked, told in (
        ("gemini-3.1-pro", types.ThinkingConfig(thinking_level="HIGH"), "low"),
        ("gemini-2.5-pro", types.ThinkingConfig(thinking_budget=-1), 1024),
    ):
        one = start(model, "gemini")
        options = types.HttpOptions(base_url=one.gateway.url, headers={"x-sparing-policy": "thoughtful"})
        client = genai.Client(api_key="k", http_options=options)
        config = types.GenerateContentConfig(thinking_config=asked)
        client.models.generate_content(model="x", contents="Why?", config=config)
        assert list(one.sent["generationConfig"]["thinkingConfig"].values()) == [told]
        client.close()


def test_mistral_thinks_or_does_not(start: Start) -> None:
    """Two levels, and the caller's is the most."""
    one = start("mistral-small-latest")
    headers = {"x-sparing-policy": "careful"}
    messages: Any = QUESTION
    with Mistral(api_key="k", server_url=one.gateway.url) as client:
        client.chat.complete(model="x", messages=messages, reasoning_effort="high", http_headers=headers)
        assert one.sent["reasoning_effort"] == "high"
        client.chat.complete(model="x", messages=messages, http_headers={"x-sparing-policy": "thoughtful"})
        assert one.sent.get("reasoning_effort", "none") == "none"


def test_a_model_without_levels_is_asked_for_a_short_answer(start: Start) -> None:
    """In words at the end, which the next request does not hold; not where a tool's result is the newest."""
    one = start("gpt-4o")
    turns: list[Any] = [*QUESTION]
    with one.openai() as client:
        said = client.chat.completions.with_raw_response.create(model="x", messages=turns)
        assert said.headers["x-sparing-depth"] == "brief"
        assert one.sent["messages"][-1]["content"] == f"{QUESTION[0]['content']}\n\n{BRIEFLY}"
        turns += [
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            }
        ]
        turns += [{"role": "tool", "tool_call_id": "c", "content": "4"}]
        client.chat.completions.create(model="x", messages=turns)
        assert one.sent["messages"] == turns
        turns += [{"role": "assistant", "content": "So."}, {"role": "user", "content": "And then?"}]
        client.chat.completions.create(model="x", messages=turns)
        assert one.sent["messages"][:-1] == turns[:-1]
        assert one.sent["messages"][-1]["content"].endswith(BRIEFLY)


async def takes_no_effort(seen: Seen, out: Out) -> None:
    if "reasoning_effort" in seen.json:
        await out.json({"error": {"message": "Unsupported parameter: reasoning_effort"}}, 400)
    else:
        await answer(seen, out)


def test_a_model_that_takes_no_depth_is_asked_again_without_and_not_told_again(start: Start) -> None:
    """Its answer says so; nothing of it is decided the next time."""
    one = start("gpt-5")
    one.upstream.script = takes_no_effort
    body = {"model": "x", "messages": QUESTION}
    first = request(one.gateway.url, CHAT, body, {"x-sparing-policy": "thoughtful"})
    assert first.status == 200
    assert first.header("x-sparing-depth") is None
    assert len(one.upstream.seen) == 2
    one.gateway.recorder.wait_for(1)
    for _ in range(3):
        again = request(
            one.gateway.url,
            CHAT,
            {**body, "messages": [{"role": "user", "content": "Other?"}]},
            {"x-sparing-policy": "thoughtful"},
        )
        assert again.status == 200
    refused = [seen for seen in one.upstream.seen if b'"reasoning_effort"' in seen.body]
    assert len(refused) < len(one.upstream.seen) / 2 + 1


def test_levels_of_a_model_that_nobody_here_knows_are_the_settings(start: Start) -> None:
    """In the wire format's own field."""
    one = start("gpt-4o", more='depths = ["low", "high"]')
    with one.openai() as client:
        client.chat.completions.create(model="x", messages=QUESTION, reasoning_effort="high")
    assert one.sent["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    "body", [b'{"model": "x", "messages": [{"role": "user"', b'{"model":"x","messages":[3]}', b"[]"]
)
def test_what_cannot_be_read_is_a_typed_error(start: Start, body: bytes) -> None:
    """In the caller's format, as without depths."""
    one = start("claude-sonnet-4-5", "anthropic.messages")
    reply = request(one.gateway.url, MESSAGES, body, {"x-sparing-policy": "thoughtful"})
    assert reply.status == 400
    assert json.loads(reply.body)["error"]["type"] == "invalid_request_error"


RULES = """
[policies.deep]
loss = 0.04
depths = ["high", "medium"]

[policies.shallow]
loss = 0.2
depths = ["low", "none"]

[rules.hard]
policy = "deep"
intents = ["reason", "code"]

[rules.rest]
policy = "shallow"
"""


def test_what_a_request_is_about_chooses_its_policy(start: Start) -> None:
    """A problem is thought about, a thank-you is not; the answer says what the request was taken for."""
    one = start("gpt-5", more=RULES)
    problem = "Tom has 12 apples and gives a third of them to Ann, who eats 2 of hers. How many does Ann have left?"
    for text, policy, intent in ((problem, "deep", "reason"), ("thank you so much, bye", "shallow", "chat")):
        reply = request(one.gateway.url, CHAT, {"model": "x", "messages": [{"role": "user", "content": text}]})
        assert reply.header("x-sparing-policy") == policy
        assert f"{intent} of complexity" in (reply.header("x-sparing-decision") or "")
