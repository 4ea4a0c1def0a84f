"""The audit of retrievals: kept whole, replaced in place, summed per document; never another's, never a broken file."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sparing.core.retrieval import BROKEN, REFUSED, FetchedPassage, Retrieval
from sparing.errors import RecordError
from sparing.record.retrievals import RetrievalLog
from sparing.record.writer import RetrievalWriter

NOW_S = 1_800_000_000.0
PASSAGES = (
    FetchedPassage("a.md", "lines 1-9", "aa", sent=True, cited=True),
    FetchedPassage("a.md", "lines 10-19", "ab", sent=True),
    FetchedPassage("b.md", "page 2", "bb"),
)
LINE = Retrieval(
    id="r1",
    created_s=NOW_S,
    who="acme/web/alice",
    tenant="acme",
    store="kb",
    labels=("group:acme/web", "tenant:acme"),
    allowed=7,
    passages=PASSAGES,
    tokens=120,
    ms=3.5,
    reached=True,
    claims=3,
    unsupported=1,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "retrievals.sqlite"


def test_a_line_reads_back_as_it_was_written(path: Path) -> None:
    """With its passages as they ranked; names that are no UTF-8 lose only what cannot be written."""
    odd = replace(LINE, id="r2", store="\ud800kb", passages=(FetchedPassage("\udce9.md", "", "cc"),))
    with RetrievalLog(path) as log:
        log.add([LINE, odd])
        assert log.recent(5, store="kb") == [LINE]
        assert [one.source for one in log.recent(5)[0].passages] == ["?.md"]


def test_a_line_that_is_written_again_keeps_its_judgement(path: Path) -> None:
    """How it ended takes the place of how it began; what it fetched at last, of what it fetched first."""
    with RetrievalLog(path) as log:
        log.add([replace(LINE, claims=-1, reached=False)])
        assert log.judge("r1", useful=True)
        log.add([replace(LINE, passages=PASSAGES[:1], wider=True)])
        assert log.recent(1) == [replace(LINE, passages=PASSAGES[:1], wider=True, useful=True)]


def test_a_judgement_is_its_tenants_or_the_owners(path: Path) -> None:
    """Nobody learns whether another tenant's line is there."""
    with RetrievalLog(path) as log:
        log.add([LINE])
        assert not log.judge("r1", useful=False, tenant="globex")
        assert not log.judge("r9", useful=False, tenant="globex")
        assert log.judge("r1", useful=False, tenant="acme")
        assert log.judge("r1", useful=True)


def test_lines_are_found_by_whom_store_and_time(path: Path) -> None:
    """A tenant, its project or its key; ``ac`` is none of them."""
    with RetrievalLog(path) as log:
        log.add([LINE, replace(LINE, id="r2", who="acmeco/bob", store="other", created_s=NOW_S + 9)])
        for who in ("acme", "acme/web", "acme/web/alice"):
            assert [one.id for one in log.recent(9, who=who)] == ["r1"]
        assert log.recent(9, who="ac") == []
        assert [one.id for one in log.recent(9, store="other")] == ["r2"]
        assert [one.id for one in log.recent(9, since_s=NOW_S + 1)] == ["r2"]
        assert [one.id for one in log.recent(1)] == ["r2"]


def test_rates_count_what_came_of_each_document(path: Path) -> None:
    """Fetched, sent, read, cited, judged; what no model read is not read, and what was not sent is not judged."""
    with RetrievalLog(path) as log:
        log.add([LINE, replace(LINE, id="r2", reached=False, claims=-1)])
        log.judge("r1", useful=True)
        log.judge("r2", useful=False)
        a, b = log.rates()
        assert (a.source, a.fetched, a.sent, a.reached, a.cited, a.useful, a.useless) == ("a.md", 4, 4, 2, 2, 2, 2)
        assert (b.source, b.fetched, b.sent, b.reached, b.cited, b.useful, b.useless) == ("b.md", 2, 0, 0, 0, 0, 0)
        assert [(one.place, one.sent) for one in log.rates(passages=True)] == [
            ("lines 1-9", 2),
            ("lines 10-19", 2),
            ("page 2", 0),
        ]
        assert log.rates(store="other") == []


def test_what_is_learned_from_is_one_tenants_and_was_read(path: Path) -> None:
    """Nothing of another tenant or store, nothing that no model read, nothing that nobody checked or judged."""
    with RetrievalLog(path) as log:
        log.add(
            [
                LINE,
                replace(LINE, id="r2", tenant="globex"),
                replace(LINE, id="r3", store="other"),
                replace(LINE, id="r4", reached=False),
                replace(LINE, id="r5", claims=-1),
                replace(LINE, id="r6", created_s=NOW_S + 100),
            ]
        )
        shown = log.shown("kb", "acme", NOW_S - 1, NOW_S + 50)
    assert [(one.digest, one.cited) for one in shown] == [("aa", True), ("ab", False)]


def test_old_lines_go_with_their_passages(path: Path) -> None:
    """And nothing else does."""
    with RetrievalLog(path) as log:
        log.add([LINE, replace(LINE, id="r2", created_s=NOW_S + 9)])
        assert log.purge(NOW_S + 1) == 1
        assert [one.id for one in log.recent(9)] == ["r2"]
        assert log.rates()[0].fetched == 2


def test_a_file_that_is_none_of_ours_is_refused(path: Path) -> None:
    """Not a database, of a newer version, or not there where it has to be; never overwritten."""
    with pytest.raises(RecordError, match="no retrievals"):
        RetrievalLog(path, must_exist=True)
    path.parent.mkdir()
    path.write_text("no database at all, but long enough to be looked at as one" * 30)
    with pytest.raises(RecordError):
        RetrievalLog(path)
    assert path.read_text().startswith("no database")
    path.unlink()
    RetrievalLog(path).close()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(RecordError, match="schema 99"):
        RetrievalLog(path)


def test_two_writers_share_a_file(path: Path) -> None:
    """As two gateways do: every line is there once."""
    writers = [RetrievalWriter(path), RetrievalWriter(path)]
    for writer in writers:
        writer.start()
    for number in range(200):
        writers[number % 2].record(replace(LINE, id=f"r{number:03}", created_s=time.time()))
    for writer in writers:
        writer.close()
        assert (writer.failed, writer.dropped) == (0, 0)
    with RetrievalLog(path) as log:
        assert len(log.recent(1000)) == 200


def test_a_line_says_what_came_of_it() -> None:
    """For the metrics: one word."""
    assert LINE.outcome == "sent"
    reasons = {"nothing was found": "none", REFUSED: "refused", BROKEN: "failed"}
    assert {reason: replace(LINE, reason=reason).outcome for reason in reasons} == reasons
