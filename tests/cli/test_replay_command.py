"""`sparing replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli
from test_prefix_test_command import CHAT, log


def test_tokens_money_and_quality_are_shown(cli: Cli) -> None:
    """Without and with; one conversation gives no interval."""
    outcome = cli("replay", log({"messages": CHAT}), "--effort", "safe")
    assert outcome.code == 0
    assert outcome.text.startswith("1 conversation, 3 turns, gpt-4o\n")
    rows = {line[2:28].strip(): line[28:].split() for line in outcome.text.splitlines() if line.startswith("  ")}
    without, sent = (int(cell.replace(",", "")) for cell in rows["prompt tokens"][:2])
    assert sent < without
    assert float(rows["USD per 1,000 turns"][1]) < float(rows["USD per 1,000 turns"][0])
    assert "users' own words, verbatim: 4 of 4 (100.00 %)" in outcome.text
    assert "fewer than 5 conversations: no interval is given" in outcome.text


def test_enough_conversations_give_an_interval(cli: Cli) -> None:
    """Six of a kind: a narrow one."""
    text = cli("replay", log(*[{"messages": CHAT}] * 6), "--effort", "safe").text
    assert text.startswith("6 conversations, 18 turns, gpt-4o\n")
    assert ".." in text
    assert "no interval" not in text


def test_json_has_every_turn(cli: Cli) -> None:
    """And adds up."""
    found = json.loads(cli("replay", log({"messages": CHAT}), "--json", "--model", "gpt-5").out)
    (one,) = found["conversations"]
    assert one["model"] == "gpt-5"
    assert len(one["turns"]) == found["total"]["turns"] == 3
    assert sum(turn["sent"]["usd"] for turn in one["turns"]) == pytest.approx(one["sent_usd"])
    assert found["lost"] == []


def test_a_policy_file_can_be_tried(cli: Cli) -> None:
    """Effort off saves nothing."""
    Path("tried.toml").write_text('[policy]\neffort = "off"\n')
    found = json.loads(cli("replay", log({"messages": CHAT}), "--policy", "tried.toml", "--json").out)
    assert found["total"]["saved_share"]["mean"] == 0
    assert found["total"]["log_usd"] == found["total"]["sent_usd"] > 0


def test_a_model_without_prices_is_counted(cli: Cli) -> None:
    """And said so."""
    outcome = cli("replay", log({"messages": CHAT}), "--model", "my-own-model")
    assert outcome.err == "sparing: no prices for 'my-own-model': counted, not priced\n"
    assert "USD" not in outcome.text
    assert "prompt tokens" in outcome.text


def test_lines_that_are_left_out_change_the_exit_status(cli: Cli) -> None:
    """Three: done, but not all of it."""
    assert cli("replay", log({"messages": CHAT}, "3")).code == 3
    assert cli("replay", log("3")).code == 2
