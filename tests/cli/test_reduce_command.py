"""`sparing reduce`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.record.store import ReceiptStore

Calls = list[dict[str, Any]]


def test_the_result_is_on_stdout_and_the_receipt_on_stderr(cli: Cli, first_lines: Calls) -> None:
    """A pipe gets the text and nothing else."""
    outcome = cli("reduce", stdin=b"one\r\ntwo\n")
    assert (outcome.code, outcome.out) == (0, b"one\r")
    assert re.fullmatch(r"sparing: 9 -> 4 tokens \(kept 44\.4 %\), prose\.v1, \d+ ms\n", outcome.err)


def test_quiet_leaves_out_the_receipt(cli: Cli, first_lines: Calls) -> None:
    """Nothing on stderr."""
    assert cli("reduce", "-q", stdin=b"one\ntwo").err == ""


def test_options_reach_the_reduction(cli: Cli, first_lines: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Question, budget, kind, model and pins; the settings' own pins come with them, and who judges."""
    monkeypatch.setenv("SPARING_POLICY__PINS", "always")
    Path("a.log").write_text("x\ny")
    args = ("--ask", "why?", "--budget", "7", "--kind", "log", "--model", "claude-x", "--pin", "p", "--pin", "q")
    assert cli("reduce", "a.log", "--select", "rules", *args).code == 0
    assert first_lines == [
        {
            "items": [("a.log", "x\ny")],
            "query": "why?",
            "budget": 7,
            "keep": None,
            "kind": "log",
            "model": "claude-x",
            "pins": ("always", "p", "q"),
            "select": "rules",
            "recall": False,
            "terms": None,
        }
    ]


def test_keep_is_an_alternative_to_a_budget(cli: Cli, first_lines: Calls) -> None:
    """A share instead of a number of tokens."""
    cli("reduce", "--keep", "0.25", stdin=b"x\ny")
    assert (first_lines[0]["keep"], first_lines[0]["budget"]) == (0.25, None)


def test_several_files_are_reduced_together_under_their_names(cli: Cli, first_lines: Calls) -> None:
    """One call, so that they share the budget; headings tell them apart."""
    Path("a.txt").write_text("one\ntwo\n")
    Path("b.txt").write_text("three\nfour\n")
    outcome = cli("reduce", "a.txt", "b.txt", "--keep", "0.5")
    assert outcome.text == "==> a.txt <==\none\n\n==> b.txt <==\nthree\n"
    assert [len(call["items"]) for call in first_lines] == [2]
    assert outcome.err.startswith("sparing: 2 texts, ")


def test_json_is_for_programs(cli: Cli, first_lines: Calls) -> None:
    """One object for one text."""
    value = json.loads(cli("reduce", "--json", stdin=b"one\ntwo").out)
    assert (value["text"], value["tokens_before"], value["tokens_after"]) == ("one", 7, 3)
    assert value["elisions"] == [{"start": 4, "end": 7, "num_units": 1}]


def test_show_puts_source_and_result_side_by_side(cli: Cli, first_lines: Calls) -> None:
    """What went is on the left only."""
    lines = cli("reduce", "--show", stdin=b"one\ntwo").text.splitlines()
    assert any("one" in line.split("  ")[1:2][0] for line in lines if line.count("one") == 2)
    assert [line.strip() for line in lines if "two" in line] == ["two"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("--budget", "5", "--keep", "0.5"), "sparing: --budget and --keep were both given (give one of them)\n"),
        (("--json", "--show"), "sparing: --json and --show were both given (give one of them)\n"),
        (("missing.txt",), "sparing: missing.txt does not exist\n"),
        ((), "sparing: standard input is empty\n"),
        (("--config", "none.toml"), "sparing: Invalid value for '--config': File 'none.toml' does not exist"),
    ],
)
def test_bad_input_is_one_line_and_code_2(args: tuple[str, ...], line: str, cli: Cli) -> None:
    """Before anything is read or reduced."""
    outcome = cli("reduce", *args)
    assert (outcome.code, outcome.out) == (2, b"")
    assert outcome.err.startswith(line)
    assert outcome.err.count("\n") == 1


def test_a_receipt_is_kept(cli: Cli, first_lines: Calls, home: Path) -> None:
    """With counts and a hash, so that `sparing stats` shows it."""
    Path("a.txt").write_text("one\ntwo")
    cli("reduce", "a.txt")
    with ReceiptStore(home / "receipts.sqlite", must_exist=True) as store:
        (receipt,) = store.recent(5)
    assert (receipt.wire, receipt.model, receipt.tokens_before, receipt.tokens_after) == ("cli", "gpt-4o", 7, 3)
    assert (receipt.spans[0].label, receipt.spans[0].elided, receipt.spans[0].unit) == ("a.txt", 1, "lines")


def test_no_receipt_when_they_are_turned_off(
    cli: Cli, first_lines: Calls, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`record.enabled = false` is respected."""
    monkeypatch.setenv("SPARING_RECORD__ENABLED", "false")
    assert cli("reduce", stdin=b"one\ntwo").code == 0
    assert not home.exists()


def test_a_receipt_that_cannot_be_written_costs_nothing(
    cli: Cli, first_lines: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is there, with a note."""
    monkeypatch.setenv("SPARING_RECORD__PATH", "/dev/null/receipts.sqlite")
    outcome = cli("reduce", stdin=b"one\ntwo")
    assert (outcome.code, outcome.out) == (0, b"one")
    assert "sparing: no receipt was written: " in outcome.err


def test_a_real_text_is_cut_to_its_budget(cli: Cli) -> None:
    """The whole way, with nothing replaced: the asked-for sentence stays."""
    filler = " ".join(f"The committee discussed item {n} at length and moved on." for n in range(60))
    text = f"{filler} The treasurer resigned on 4 May. {filler}"
    outcome = cli("reduce", "--ask", "When did the treasurer resign?", "--budget", "100", stdin=text.encode())
    assert outcome.code == 0
    assert "The treasurer resigned on 4 May." in outcome.text
    assert "tokens (kept " in outcome.err


def test_a_budget_below_the_pins_is_refused(cli: Cli) -> None:
    """Exit code 2, and how many tokens it would take."""
    text = " ".join(f"Sentence {n} says pinned things." for n in range(200))
    outcome = cli("reduce", "--pin", "pinned", "--budget", "20", stdin=text.encode())
    assert (outcome.code, outcome.out) == (2, b"")
    assert "sparing: a budget of 20 tokens cannot hold the " in outcome.err
