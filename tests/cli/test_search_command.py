"""`sparing search`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.core.passage import Chunk, Document
from sparing.retrieve.embed.choose import STATIC, shipped
from sparing.retrieve.store import open_store

LEAVE = "Up to five days of annual leave may be carried over. They must be used by the end of March."
PAY = "Salaries are paid on the last working day. The board's own pay is set by the owners in May."
QUESTION = "How many days of leave can be carried over?"


@pytest.fixture
def where(tmp_path: Path) -> str:
    path, embedder = tmp_path / "store.db", shipped(STATIC)
    store = open_store(path, write=True, embedder=embedder)
    for source, text, label in (("leave.md", LEAVE, "group:staff"), ("pay.md", PAY, "group:board")):
        chunk = Chunk(0, len(text), "Handbook", "lines 1-2")
        store.put(Document(source, text, source, (chunk,), frozenset({label})), embedder.embed([text]))
    store.close()
    return str(path)


def test_it_shows_where_the_answer_stands(cli: Cli, where: str) -> None:
    """With its chance, what found it, what stands above it, and its sentences."""
    result = cli("search", QUESTION, "--store", where, "--limit", "1")
    assert result.code == 0
    first, heads, *text = result.text.splitlines()
    assert first.startswith("1. leave.md, lines 1-2  (")
    assert "words 1, vectors 1 (not judged: words and vectors leave little doubt)" in first
    doubtful = cli("search", "When does a worker lose free time?", "--store", where, "--limit", "1").text
    assert "encoder (" in doubtful.splitlines()[0]
    assert heads == "   Handbook"
    assert "five days of annual leave" in " ".join(text)


def test_json_has_the_passage_and_its_place(cli: Cli, where: str) -> None:
    """For programs, every field by name."""
    result = cli("search", QUESTION, "--store", where, "--select", "static", "--json")
    first = json.loads(result.text)[0]
    assert (first["source"], first["place"], first["text"]) == ("leave.md", "lines 1-2", LEAVE)
    assert (first["start"], first["end"], first["heads"], first["also"]) == (0, len(LEAVE), "Handbook", [])
    assert first["by"] == "words 1, vectors 1 (not judged: the policy)"


def test_a_label_sees_its_own_documents_only(cli: Cli, where: str) -> None:
    """Whatever is asked; and who holds none of them finds nothing."""
    board = cli("search", QUESTION, "--store", where, "--as", "group:board", "--json")
    assert {hit["source"] for hit in json.loads(board.text)} == {"pay.md"}
    stranger = cli("search", QUESTION, "--store", where, "--as", "user:eve")
    assert (stranger.code, stranger.out) == (0, b"")
    assert "nothing was found that user:eve may read" in stranger.err


def test_no_store_and_no_question_are_errors(cli: Cli, tmp_path: Path) -> None:
    """One line that says what to do."""
    missing = cli("search", QUESTION, "--store", str(tmp_path / "none.db"))
    assert missing.code == 1
    assert "sparing index" in missing.err
    assert cli("search", "  ").code == 2


def test_every_search_is_written_down(cli: Cli, where: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With which labels, how much these may read and what was found; unless the settings say otherwise."""
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "off")
    cli("search", QUESTION, "--store", where, "--as", "group:board")
    assert not (home / "retrievals.sqlite").exists()
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "on")
    cli("search", QUESTION, "--store", where, "--as", "group:board")
    (line,) = json.loads(cli("retrievals", "--json").text)
    assert (line["store"], line["labels"], line["allowed"]) == (where, ["group:board"], 1)
    assert [(one["source"], one["sent"]) for one in line["passages"]] == [("pay.md", False)]
    assert (line["reached"], line["reason"]) == (False, "shown to who searched")
    (home / "retrievals.sqlite").write_bytes(b"no database")
    assert cli("search", QUESTION, "--store", where).code == 0
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "required")
    refused = cli("search", QUESTION, "--store", where)
    assert (refused.code, refused.out) == (1, b"")
