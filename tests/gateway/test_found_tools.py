"""A catalogue of 60 tools, 8 of them sent: the model finds the others, and the providers' own clients see real calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from agents import AGENTS, Agent
from recalling_model import Say, speak
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.finish.find import NO_MATCH
from sparing.toolset.search import FIND

WIRES = tuple(AGENTS)
ACTIONS = ("list", "create", "cancel", "export")
THINGS = (
    "invoice", "flight", "recipe", "museum", "patient", "parcel", "lawsuit", "orchestra", "glacier", "warehouse",
    "vaccine", "timetable", "pension", "volcano", "mortgage",
)  # fmt: skip
MOST, QUESTION = 8, "Please cancel the flight to Oslo."


def tool(action: str, thing: str) -> tuple[str, str, dict[str, Any]]:
    properties = {
        "key": {"type": "string", "description": f"The key of the {thing}, in the form ABC-123."},
        "note": {"type": "string", "description": f"A text that is kept with the {thing} for later readers."},
    }
    schema = {"type": "object", "properties": properties, "required": ["key"], "additionalProperties": False}
    return f"{action}_{thing}", f"{action.capitalize()} one {thing}. It takes a second or two.", schema


CATALOGUE = [tool(action, thing) for thing in THINGS for action in ACTIONS]


def find(query: Any) -> tuple[str, str]:
    return FIND, json.dumps({"query": query})


def script(upstream: ScriptedUpstream, *said: Say) -> None:
    """Have the model say these, one a request, and nothing more."""

    async def answer(seen: Seen, out: Out) -> None:
        await speak(seen, out, said[len(upstream.seen) - 1], len(upstream.seen))

    upstream.script = answer


def declared(seen: Seen) -> list[str]:
    tools = seen.json["tools"]
    tools = tools[0].get("functionDeclarations", tools)
    return [one.get("function", one)["name"] for one in tools]


def tools_text(seen: Seen) -> bytes:
    """The definitions, as they stand in the body, without the bracket at their end."""
    body = seen.body
    start = body.index(b'"functionDeclarations"' if b'"functionDeclarations"' in body else b'"tools"')
    depth = 0
    for at in range(body.index(b"[", start), len(body)):
        depth += {b"[": 1, b"]": -1}.get(body[at : at + 1], 0)
        if depth == 0:
            return body[start:at]
    raise AssertionError("the array of tools does not end")


def last_results(seen: Seen) -> str:
    """Everything that follows the first user turn."""
    request = seen.json
    return json.dumps(next(request[key] for key in ("messages", "input", "contents") if key in request)[1:])


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(policy={"most_tools": MOST, "deadline_ms": 20_000})


@pytest.fixture(params=[(wire, stream) for wire in WIRES for stream in (False, True)], ids=str)
def agent(request: pytest.FixtureRequest, gateway: RunningGateway) -> Agent:
    wire, stream = request.param
    return AGENTS[wire](gateway.url, CATALOGUE, stream)


def test_a_tool_is_found_and_called(agent: Agent, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Declared in the model's next turn, called like any other; from then on it stands there in the same bytes."""
    script(
        upstream,
        Say("Let me look. ", [find("export_volcano")]),
        Say("", [("export_volcano", '{"key": "VUL-001"}')]),
        Say("Done."),
        Say("You are welcome."),
    )
    turn = agent.ask(QUESTION)
    assert turn.calls == [("export_volcano", {"key": "VUL-001"})]
    assert turn.text.strip() == "Let me look."
    assert agent.give(turn, "exported").text == "Done."
    assert agent.ask("Thank you.").text == "You are welcome."
    first, second, third, fourth = upstream.seen
    assert declared(first)[-1] == FIND
    assert len(declared(first)) == MOST + 1
    assert "cancel_flight" in declared(first)
    assert "export_volcano" not in declared(first)
    assert declared(second) == declared(third) == declared(fourth) == [*declared(first), "export_volcano"]
    assert tools_text(second) == tools_text(third) == tools_text(fourth)
    assert tools_text(second).startswith(tools_text(first))
    assert "Now among your tools: export_volcano." in last_results(second)
    assert FIND not in last_results(third), "the client's history knows nothing of the search"
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.extra_turns == 1
    assert receipt.recalled_tokens > 30, "the definition counts"


def test_several_are_found_by_words(agent: Agent, upstream: ScriptedUpstream) -> None:
    """The best matches are declared; what was called comes back in the next turn, what was not does not."""
    script(
        upstream,
        Say("", [find("something with a volcano"), find("list_vaccine")]),
        Say("", [find("volcano"), find("pneumonoultramicroscopic"), find(None)]),
        Say("", [("list_vaccine", '{"key": "A"}'), ("create_volcano", '{"key": "B"}')]),
        Say("Done."),
    )
    turn = agent.ask(QUESTION)
    assert [name for name, _ in turn.calls] == ["list_vaccine", "create_volcano"]
    agent.give(turn, "listed", "created")
    first, second, third, fourth = upstream.seen
    found = declared(second)[MOST + 1 :]
    assert sorted(found) == sorted([f"{action}_volcano" for action in ACTIONS] + ["list_vaccine"])
    assert declared(third) == declared(second)
    assert last_results(third).count(NO_MATCH) == 3
    assert declared(fourth) == [*declared(first), "list_vaccine", "create_volcano"]


def test_found_and_never_called(agent: Agent, upstream: ScriptedUpstream) -> None:
    """The next turn begins as this one did, byte for byte."""
    script(upstream, Say("", [find("list_pension")]), Say("There is one."), Say("Yes."))
    agent.ask(QUESTION)
    agent.ask("Really?")
    first, _, third = upstream.seen
    assert tools_text(first) == tools_text(third)
    assert third.body.startswith(first.body[: first.body.index(b"Oslo")])


@pytest.mark.parametrize(
    ("wire", "options"),
    [
        ("openai.chat", {"n": 2}),
        ("openai.responses", {"background": True}),
        ("openai.responses", {"previous_response_id": "resp0"}),
        ("gemini", {"candidate_count": 2}),
    ],
)
def test_all_tools_are_sent(
    gateway: RunningGateway, upstream: ScriptedUpstream, wire: str, options: dict[str, Any]
) -> None:
    """Where a search could not be answered, and where the provider has the turn that tells what is needed."""
    script(upstream, Say("Hi."))
    AGENTS[wire](gateway.url, CATALOGUE, options=options).ask(QUESTION)
    assert declared(upstream.seen[0]) == [name for name, _, _ in CATALOGUE]


@pytest.mark.parametrize("wire", WIRES)
def test_with_recall(start: Callable[..., RunningGateway], upstream: ScriptedUpstream, wire: str) -> None:
    """Both tools are ours; what was found stands behind them."""
    gateway = start(policy={"most_tools": MOST, "recall": True, "deadline_ms": 20_000})
    agent = AGENTS[wire](gateway.url, CATALOGUE)
    script(upstream, Say("", [find("list_pension")]), Say("", [("list_pension", '{"key": "A"}')]), Say("Done."))
    agent.give(agent.ask(QUESTION), "none")
    first, second, third = upstream.seen
    assert declared(first)[-2:] == [FIND, "sparing_recall"]
    assert declared(second) == declared(third) == [*declared(first), "list_pension"]
    assert tools_text(second) == tools_text(third)
