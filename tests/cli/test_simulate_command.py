"""`sparing simulate` compares, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "simulation.toml")


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "trace.jsonl"
    rows = ({"timestamp": 50 * n, "input_length": 4000, "output_length": 60} for n in range(200))
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_both_ways_are_shown_beside_each_other(cli: Cli, trace: str) -> None:
    """By class of traffic and for all."""
    shown = cli("simulate", trace, "--scenario", EXAMPLE).text
    for word in ("chat", "support", "review", "all", "in turn", "fixed", "decided", "USD", "equal loss"):
        assert word in shown


def test_json_has_every_number(cli: Cli, trace: str) -> None:
    """Of both."""
    told = json.loads(cli("simulate", trace, "--scenario", EXAMPLE, "--json").text)
    assert told["requests"] >= 200
    assert told["usd"] == told["by_decision"]["all"]["usd"]
    assert told["usd_of_fixed_for_the_same_answers"] > 0
    for way in ("first_come", "fixed_at_equal_loss", "by_decision"):
        assert told[way]["all"]["num"] == told["requests"]
        assert set(told[way]["chat"]["first_token_s"]) == {"p50", "p95", "p99"}


def test_a_report_with_plots_is_written(cli: Cli, trace: str, tmp_path: Path) -> None:
    """Its table is what is shown; it says how it was made."""
    shown = cli("simulate", trace, "--scenario", EXAMPLE, "--out", str(tmp_path / "out")).text
    assert "USD" in shown
    report = (tmp_path / "out" / "simulate-simulation.md").read_text()
    for word in ("decided", "equal loss", "Made by: sparing simulate trace.jsonl", "simulate-simulation.svg"):
        assert word in report
    assert len(list((tmp_path / "out").glob("*.svg"))) == 3
    numbers = json.loads((tmp_path / "out" / "simulate-simulation.json").read_text())
    assert "by_decision" in json.dumps(numbers)
