"""`sparing eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.evals import run
from sparing.evals.report import Report, Table


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Evaluations that are over at once; their options are collected."""
    calls: list[dict[str, Any]] = []

    def main(name: str, **options: Any) -> Report:
        calls.append({"name": name, **options})
        return Report(name, "A title", (Table("", ("method", "kept"), (("ours", "9"),)),), data={"n": 3})

    monkeypatch.setattr(run, "main", main)
    monkeypatch.setattr(run, "names", lambda: ("xquad", "loghub"))
    return calls


def test_without_a_name_they_are_listed(cli: Cli, asked: list[dict[str, Any]]) -> None:
    """One per line."""
    assert cli("eval").text == "xquad\nloghub\n"


def test_the_report_is_printed_as_markdown(cli: Cli, asked: list[dict[str, Any]]) -> None:
    """Ready for a file when stdout is one."""
    assert cli("eval", "xquad").text == "# A title\n\n| method | kept |\n| --- | ---: |\n| ours | 9 |\n"


def test_the_report_as_json(cli: Cli, asked: list[dict[str, Any]]) -> None:
    """In numbers."""
    assert json.loads(cli("eval", "xquad", "--json").out)["n"] == 3


def test_options_reach_the_run(cli: Cli, asked: list[dict[str, Any]]) -> None:
    """An option of the evaluation follows a colon."""
    args = (
        "--data",
        "d",
        "-n",
        "7",
        "--seed",
        "2",
        "--split",
        "test",
        "--method",
        "bm25",
        "--out",
        "o",
        "--minutes",
        "2",
    )
    outcome = cli("eval", "xquad:de", *args)
    options = {
        "data": Path("d"),
        "n": 7,
        "seed": 2,
        "methods": ("bm25",),
        "out": Path("o"),
        "split": "test",
        "minutes": 2.0,
    }
    assert asked == [{"name": "xquad:de", **options}]
    assert outcome.err == "sparing: report written to o\n"


def test_an_unknown_name_is_refused(cli: Cli, asked: list[dict[str, Any]]) -> None:
    """With those that are known."""
    outcome = cli("eval", "quad")
    assert (outcome.code, outcome.err) == (
        2,
        "sparing: no evaluation is called 'quad' (known: xquad, loghub)\n",
    )
