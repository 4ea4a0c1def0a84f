"""`sparing index`: what it says, what it leaves in the store, and its exit status."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.cli import index
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
    assert "sparing: docs/huge.txt: too large: 2,000 MB, the limit is 32 (--max-mb)" in outcome.err
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
    outcome = cli("index", "docs", "--embedder", "static")
    assert outcome.code == 1
    assert "made without vectors" in outcome.err


def test_a_store_goes_on_with_what_made_it(cli: Cli, docs: Path) -> None:
    """In runs and searches that name nothing; another one that is named is refused."""
    assert "vectors of sparing-static-" in cli("index", "docs", "--embedder", "static").text
    (docs / "new.md").write_text("Refunds take nine days.", "utf-8")
    again = cli("index", "docs").text
    assert "1 new" in again
    assert "vectors of sparing-static-" in again
    assert "vectors 1" in cli("search", "How long does a refund take?", "--select", "static", "--limit", "1").text
    outcome = cli("index", "docs", "--embedder", "minilm")
    assert outcome.code == 1
    assert "sparing-static-" in outcome.err


@pytest.mark.usefixtures("docs")
def test_who_has_to_wait_is_told_what_is_quicker(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, where much is left to do, and nobody who chose for themselves."""
    monkeypatch.setattr(index, "_PATIENCE_S", 0.0)
    assert cli("index", "docs").err.count("--embedder static") == 1
    assert "--embedder" not in cli("index", "docs", "--embedder", "minilm", "--into", "other.db").err


def test_a_log_is_followed_until_it_is_interrupted(tmp_path: Path) -> None:
    """In a process of its own: Ctrl-C ends it with its summary and status 0."""
    log = tmp_path / "app.log"
    log.write_text("".join(f"2026-01-01 00:00:00 INFO job {n} done\n" for n in range(50)))
    arguments = ["index", "--follow", str(log), "--into", str(tmp_path / "s.db"), "--embedder", "none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sparing", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "sparing: app.log: caught up\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "1 new" in out
    assert set(found("job", str(tmp_path / "s.db"))) == {"app.log#L1"}


def test_only_files_are_followed(cli: Cli, docs: Path) -> None:
    """A folder is indexed again instead."""
    outcome = cli("index", "--follow", str(docs), "--embedder", "none")
    assert outcome.code == 2
    assert "is no file" in outcome.err


def of_this_size(folder: Path, files: int) -> None:
    for number in range(files):
        (folder / f"{number}.txt").write_text(f"Words of file {number}, and others like them. " * 400)


def test_a_full_disk_ends_the_run_and_the_next_goes_on(cli: Cli, docs: Path) -> None:
    """What was put before is there."""
    of_this_size(docs, 30)
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "import sys; from sparing.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    arguments = ["index", "docs", "--embedder", "none"]
    full = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert full.stderr.startswith("sparing: the store .sparing/store.db cannot ")
    again = cli("index", "docs", "--json")
    told = json.loads(again.out)
    assert again.code == 0
    assert told["added"] + told["unchanged"] == 32
    assert told["unchanged"] > 0


def test_two_runs_at_once_both_get_through(cli: Cli, docs: Path) -> None:
    """On one store; it holds everything once."""
    of_this_size(docs, 20)
    command = [sys.executable, "-m", "sparing", "index", "docs", "--embedder", "none", "--json"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert (run.returncode, err) == (0, "")
        assert json.loads(out)["failed"] == []
    assert json.loads(cli("index", "docs", "--json").out)["unchanged"] == 22
    store = open_store()
    assert store.holdings(OWNER).documents == 22
    store.close()


@pytest.mark.usefixtures("docs")
def test_a_store_that_somebody_else_is_writing_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while of waiting."""
    cli("index", "docs", "--embedder", "none")
    monkeypatch.setattr("sparing.retrieve.store.schema._BUSY_S", 0.05)
    with closing(sqlite3.connect(".sparing/store.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        outcome = cli("index", "docs", "--label", "public")
    assert outcome.code == 1
    assert "being written by another process" in outcome.err


@pytest.mark.usefixtures("docs")
def test_a_store_of_a_newer_version_is_left_alone(cli: Cli) -> None:
    """And told."""
    cli("index", "docs", "--embedder", "none")
    with closing(sqlite3.connect(".sparing/store.db", isolation_level=None)) as other:
        other.execute("pragma user_version = 99")
    outcome = cli("index", "docs")
    assert outcome.code == 1
    assert "newer" in outcome.err


def test_pages_are_indexed_under_their_address(cli: Cli) -> None:
    """From this machine only where that is allowed."""
    with serving(b"<html><title>Fees</title><h1>Fees</h1><p>A transfer costs five pounds.</p>") as url:
        outcome = cli("index", url, "--embedder", "none", "--allow-private")
        assert outcome.code == 0, outcome.err
        assert found("transfer") == [url]
        assert "1 unchanged" in cli("index", url, "--allow-private").text


@contextmanager
def serving(page: bytes) -> Iterator[str]:
    """A site of one page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
