"""`sparing index`: what it says, what it leaves in the store, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.core.passage import Rights
from sparing.retrieve.store import open_store

OWNER = Rights(everything=True)


def found(words: str, where: str = ".sparing/store.db", rights: Rights = OWNER) -> list[str]:
    """Sources of what is found by these words, best first."""
    store = open_store(where)
    try:
        rows = [one.id for one in store.by_words(words, rights, 5)]
        return [passage.source for passage in store.passages(rows, rights)]
    finally:
        store.close()


@pytest.fixture
def docs() -> Path:
    folder = Path("docs")
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEverybody has 28 days.\n")
    (folder / "fees.txt").write_text("A transfer costs five pounds.\n")
    (folder / "blob").write_bytes(b"\0\1\2\3")
    return folder


@pytest.mark.usefixtures("docs")
def test_a_folder_is_indexed_and_found(cli: Cli) -> None:
    """The second time nothing is to be done."""
    first = cli("index", "docs", "--embedder", "none")
    assert first.code == 0, first.err
    assert ".sparing/store.db: 2 new, 0 changed, 0 unchanged; 2 passages" in first.text
    assert "words only" in first.text
    assert "left out: 1 binary" in first.text
    assert found("transfer") == ["docs/fees.txt"]
    assert "0 new, 0 changed, 2 unchanged; 0 passages" in cli("index", "docs").text


def test_what_is_gone_is_removed_unless_it_is_to_stay(cli: Cli, docs: Path) -> None:
    """Under the paths that are named; other sources of the store are left alone."""
    Path("other.txt").write_text("Other words.")
    cli("index", "docs", "other.txt", "--embedder", "none")
    (docs / "fees.txt").unlink()
    cli("index", "docs", "--no-prune")
    assert found("transfer") == ["docs/fees.txt"]
    assert "1 removed" in cli("index", "docs").text
    assert found("transfer") == []
    assert found("other") == ["other.txt"]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(cli: Cli, docs: Path) -> None:
    """Exit status 3; as JSON too."""
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    with (docs / "huge.txt").open("wb") as file:
        file.truncate(2_000_000_000)
    outcome = cli("index", "docs", "--embedder", "none")
    assert outcome.code == 3
    assert "2 new" in outcome.text
    assert "sparing: docs/broken.pdf: broken PDF" in outcome.err
    assert "sparing: docs/huge.txt: too large: 2,000 MB, the limit is 64 (--max-mb)" in outcome.err
    told = json.loads(cli("index", "docs", "--json").out)
    assert told["unchanged"] == 2
    assert [one["source"] for one in told["failed"]] == ["docs/huge.txt", "docs/broken.pdf"]
    assert told["left_out"] == [{"source": "docs/blob", "why": "binary"}]


@pytest.mark.usefixtures("docs")
def test_labels_say_who_may_read(cli: Cli) -> None:
    """A run that forgets them opens nothing."""
    cli("index", "docs", "--embedder", "none", "--label", "tenant:acme")
    cli("index", "docs")
    assert found("transfer", rights=Rights(frozenset({"tenant:acme"}))) == ["docs/fees.txt"]
    assert found("transfer", rights=Rights(frozenset({"tenant:other"}))) == []
    assert cli("index", "docs", "--label", "acme").code == 2


def test_sources_are_named_from_where_the_store_is(cli: Cli, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the working directory."""
    cli("index", "docs", "--embedder", "none")
    monkeypatch.chdir(docs)
    assert "2 unchanged" in cli("index", ".", "--into", "../.sparing/store.db").text


@pytest.mark.usefixtures("docs")
def test_a_list_names_what_to_index(cli: Cli) -> None:
    """A line each; comments and blank lines are none."""
    Path("list").write_text("# ours\n\ndocs/fees.txt\n")
    assert "1 new" in cli("index", "--urls", "list", "--embedder", "none").text
    assert cli("index", "--urls", "missing").code == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "nothing to index"),
        (("nowhere",), "nowhere does not exist"),
        (("http://127.0.0.1:1/x",), "127.0.0.1 is a private address"),
        (("http://user:pass@example.org/",), "password"),
    ],
)
def test_what_cannot_be_asked_for_is_told(cli: Cli, args: tuple[str, ...], words: str) -> None:
    """In one line."""
    outcome = cli("index", *args, "--embedder", "none")
    assert outcome.code in (2, 3)
    assert words in outcome.err


@pytest.mark.usefixtures("docs")
def test_a_store_of_another_kind_is_refused(cli: Cli) -> None:
    """Exit status 1, and what to do."""
    Path("kb.db").write_text("no store at all, but a text of some length" * 50)
    outcome = cli("index", "docs", "--into", "kb.db", "--embedder", "none")
    assert outcome.code == 1
    assert "is no store" in outcome.err


@pytest.mark.usefixtures("docs")
def test_vectors_of_two_models_are_not_mixed(cli: Cli) -> None:
    """By default a store that has none stays without; who asks for some is told to make another."""
    cli("index", "docs", "--embedder", "none")
    assert "words only" in cli("index", "docs").text
    outcome = cli("index", "docs", "--embedder", "shipped")
    assert outcome.code == 1
    assert "made without vectors" in outcome.err
