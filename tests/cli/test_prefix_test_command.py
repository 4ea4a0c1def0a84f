"""`sparing prefix-test`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.evals.traffic import replica
from sparing.evals.traffic.sender import Sender, sparing
from sparing.settings import PolicySettings

ROWS = json.dumps([{"id": f"HX{i}", "price": i} for i in range(300)])
SAID = {"role": "user", "content": "Which flight is the cheapest?"}
ASKED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
}
CHAT = [SAID, ASKED, {"role": "tool", "tool_call_id": "c", "content": ROWS}, {"role": "assistant", "content": "HX0."}]
CHAT = [*CHAT, SAID, {"role": "assistant", "content": "HX0, as I said."}]


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes of their own: starting them is tested with the sender."""

    def two(policy: PolicySettings) -> Sender:
        return Sender("two replicas", sparing(policy).send)

    monkeypatch.setattr(replica, "two_replicas", two)


def log(*lines: Any) -> str:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    Path("log.jsonl").write_text(text)
    return "log.jsonl"


def broken() -> list[dict[str, Any]]:
    """What a tool sent that empties old results."""
    body = {"model": "gpt-4o", "messages": CHAT[:3]}
    later = json.loads(json.dumps({"model": "gpt-4o", "messages": CHAT[:5]}))
    later["messages"][2]["content"] = "[gone]"
    return [body, later]


def test_a_stable_prefix_exits_with_nought(cli: Cli) -> None:
    """And says so for each way of sending."""
    outcome = cli("prefix-test", log({"messages": CHAT}))
    assert outcome.code == 0
    assert "two replicas" in outcome.text
    assert outcome.text.endswith("stable: 0 % re-billed, 0 % tolerated\n")


def test_a_broken_prefix_exits_with_one_and_names_the_place(cli: Cli) -> None:
    """The turn, the message, the tokens."""
    outcome = cli("prefix-test", "--as-sent", log(*broken()))
    assert outcome.code == 1
    assert "log.jsonl:1, turn 2, as sent: " in outcome.text
    assert "tokens from messages[2].content on: was " in outcome.text
    assert "\nnot stable: " in outcome.text


def test_a_tolerance_lets_it_pass(cli: Cli) -> None:
    """All may be re-billed."""
    assert cli("prefix-test", "--as-sent", "--tolerance", "1", log(*broken())).code == 0
    assert cli("prefix-test", "--as-sent", "--tolerance", "7", log(*broken())).code == 2


def test_two_files_are_two_turns(cli: Cli) -> None:
    """In the order given."""
    for name, body in zip(("a.json", "b.json"), broken(), strict=True):
        Path(name).write_text(json.dumps(body, indent=1))
    found = json.loads(cli("prefix-test", "--as-sent", "--json", "a.json", "b.json").out)
    (way,) = found["ways"]
    assert not found["stable"]
    assert way["conversations"][0]["breaks"][0]["label"] == "messages[2].content"
    assert way["rebilled_tokens"] == way["conversations"][0]["rebilled_tokens"] > 0


def test_lines_that_are_left_out_are_said_and_change_the_exit_status(cli: Cli) -> None:
    """The rest is tested."""
    outcome = cli("prefix-test", log("{", {"messages": CHAT}))
    assert outcome.code == 3
    assert outcome.err.startswith(
        "sparing: 1 line could not be read and was left out\nsparing:   log.jsonl:1: not JSON"
    )


def test_a_folder_is_read_and_something_has_to_be_named(cli: Cli) -> None:
    """Without anything there is nothing to read."""
    log({"messages": CHAT})
    assert cli("prefix-test", "--replay", ".").code == 0
    outcome = cli("prefix-test")
    assert (outcome.code, outcome.err) == (2, "sparing: nothing to read (name log files, or --replay FOLDER)\n")
