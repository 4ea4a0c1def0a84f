"""`sparing tighten`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparing.cli.main import run
from sparing.testing.sample_answer import answer

QUESTION = "Can I return a hat that was on sale?"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "answer.md"
    path.write_text(answer(), encoding="utf-8")
    return path


def test_the_shorter_answer_and_its_receipt(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The one on stdout, the other on stderr, in one line."""
    assert run(["tighten", str(file), "--ask", QUESTION, "--most", "240"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("Yes, a hat can be returned within 30 days")
    assert "In short: 30 days, with the receipt, and not if it was on sale." in out
    assert err.startswith("sparing: ")
    assert ", tightened, " in err
    assert err.count("\n") == 1


def test_json(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All that is known of it; what was left out are ranges of the answer."""
    assert run(["tighten", str(file), "--most", "240", "--json", "-q"]) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert (told["how"], told["reason"], err) == ("tightened", "", "")
    assert told["tokens_after"] <= 240 < told["tokens_before"]
    assert all(answer()[start:end].strip() for start, end in told["elided"])


def test_what_is_short_enough_is_printed_as_it_is(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """To the byte."""
    assert run(["tighten", str(file), "--most", "4000"]) == 0
    out, err = capfd.readouterr()
    assert out == answer()
    assert ", whole" in err


def test_one_answer_at_a_time(tmp_path: Path, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A pattern that matches several is refused."""
    (tmp_path / "other.md").write_text("One. Two.")
    assert run(["tighten", str(tmp_path / "*.md"), "--most", "9"]) == 2
    assert "matches 2 files" in capfd.readouterr().err
