"""`sparing recall`, and `sparing reduce --recall` before it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from running_cli import Cli

TEXT = "".join(f"Guest {number} came from the north and stayed until the {number % 28}th.\n" for number in range(400))


@pytest.fixture
def handle(cli: Cli) -> str:
    """A text was reduced; the handle in the result."""
    Path("guests.txt").write_text(TEXT)
    outcome = cli("reduce", "guests.txt", "--ask", "When did guest 77 leave?", "--budget", "200", "--recall")
    assert outcome.code == 0, outcome.err
    assert outcome.text != TEXT
    found = re.search(r"\[… more: sparing_recall\(([0-9a-f]{10})\)\]\s*\Z", outcome.text)
    assert found, outcome.text
    return found[1]


def test_the_handle_in_a_result_gives_the_text_back(cli: Cli, handle: str, home: Path) -> None:
    """Byte for byte, also when the whole mark is given; in a file that only its owner can read."""
    assert cli("recall", handle).text == TEXT
    assert cli("recall", f"[… more: sparing_recall({handle})]").text == TEXT
    assert (home / "recall.sqlite").stat().st_mode & 0o777 == 0o600


def test_about_narrows(cli: Cli, handle: str) -> None:
    """Only what the question needs."""
    outcome = cli("recall", handle, "--about", "When did guest 123 leave?")
    assert "Guest 123 came" in outcome.text
    assert len(outcome.text) < len(TEXT) / 2


def test_json(cli: Cli, handle: str) -> None:
    """The handle, the text and its tokens; `reduce --json` says the handle too."""
    shown = json.loads(cli("recall", handle, "--json").out)
    assert (shown["handle"], shown["text"]) == (handle, TEXT)
    assert shown["tokens"] > 4_000
    assert json.loads(cli("reduce", "guests.txt", "--keep", "0.3", "--recall", "--json").out)["handle"] == handle


def test_a_hash_from_a_receipt_is_a_handle(cli: Cli, handle: str) -> None:
    """The receipt of the reduction has the whole of it."""
    newest = json.loads(cli("receipts", "-n", "1", "--json").out)[0]
    assert newest["spans"][0]["sha256"].startswith(handle)
    assert cli("recall", newest["spans"][0]["sha256"]).text == TEXT


@pytest.mark.parametrize("given", ["", "xyz", "12345", "sparing_recall()"])
def test_what_is_no_handle(cli: Cli, handle: str, given: str) -> None:
    """Refused, with what a handle looks like."""
    outcome = cli("recall", given)
    assert (outcome.code, outcome.out) == (2, b"")
    assert "hexadecimal digits" in outcome.err


def test_what_is_not_there(cli: Cli, handle: str) -> None:
    """Unknown, and expired: one line that says how long texts are kept."""
    assert cli("recall", "0123456789").code == 2
    assert "kept for 72 hours" in cli("recall", "0123456789").err


def test_nothing_was_ever_kept(cli: Cli) -> None:
    """Without a store there is nothing to look in, and none is made."""
    outcome = cli("recall", "0123456789")
    assert outcome.code == 1
    assert "recall.store" in outcome.err or "[recall] store" in outcome.err


def test_without_recall_nothing_is_kept(cli: Cli, home: Path) -> None:
    """No mark, no store."""
    outcome = cli("reduce", "--keep", "0.3", stdin=TEXT.encode())
    assert "sparing_recall" not in outcome.text
    assert not (home / "recall.sqlite").exists()


@pytest.mark.parametrize(("store", "kept"), [("true", True), ("false", False)])
def test_the_settings_can_ask_for_it(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch, store: str, kept: bool
) -> None:
    """Where recall is allowed and texts are kept, `reduce` marks; a mark without a store would promise too much."""
    monkeypatch.setenv("SPARING_POLICY__RECALL", "true")
    monkeypatch.setenv("SPARING_RECALL__STORE", store)
    outcome = cli("reduce", "--keep", "0.3", stdin=TEXT.encode())
    assert ("sparing_recall(" in outcome.text) is kept
    assert (home / "recall.sqlite").exists() is kept


def test_a_store_that_cannot_be_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no handle is shown that nothing stands behind."""
    Path("file").touch()
    monkeypatch.setenv("SPARING_RECALL__PATH", "file/recall.sqlite")
    outcome = cli("reduce", "--keep", "0.3", "--recall", stdin=TEXT.encode())
    assert (outcome.code, outcome.out) == (1, b"")
    assert "what was left out" in outcome.err
