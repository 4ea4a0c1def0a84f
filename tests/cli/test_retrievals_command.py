"""`sparing retrievals`, `sparing feedback` and `sparing stats --retrieval`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.record.retrievals import FetchedPassage, Retrieval, RetrievalLog

PASSAGES = (
    FetchedPassage("refunds.md", "lines 1-9", "aa", sent=True, cited=True),
    FetchedPassage("shipping.md", "lines 1-3", "bb"),
)


@pytest.fixture
def recorded(home: Path) -> None:
    """Two tenants: one answered, one refused."""
    now_s = time.time()
    first = Retrieval(
        id="r1", created_s=now_s - 60, who="acme/web/alice", tenant="acme", store="kb", labels=("tenant:acme",),
        allowed=1234, passages=PASSAGES, tokens=196, ms=12.4, reached=True, claims=3, unsupported=1,
    )  # fmt: skip
    second = Retrieval("r2", now_s, "globex/bob", "globex", "kb", ("tenant:globex",), 0, (), 0, 0.0, "refused")
    with RetrievalLog(home / "retrievals.sqlite") as log:
        log.add([first, second])


def test_without_a_file_it_says_so(cli: Cli) -> None:
    """And how one comes to be."""
    for command in (("retrievals",), ("stats", "--retrieval"), ("feedback", "r1", "--useful")):
        done = cli(*command)
        assert done.code == 1
        assert "requests name a store" in done.err


@pytest.mark.usefixtures("recorded")
def test_it_lists_who_was_sent_what(cli: Cli) -> None:
    """Newest first, by whom and by store; as JSON every passage."""
    shown = cli("retrievals").out.decode()
    assert shown.index("globex/bob") < shown.index("acme/web/alice")
    for said in ("1,234", "refunds.md", "1 cited", "refused"):
        assert said in shown
    assert [one["id"] for one in json.loads(cli("retrievals", "--who", "acme", "--json").out.decode())] == ["r1"]
    assert json.loads(cli("retrievals", "--json", "-n", "2").out.decode())[1]["passages"][1]["source"] == "shipping.md"
    assert "no such retrievals" in cli("retrievals", "--store", "other").out.decode()
    assert cli("retrievals", "--since", "yesterday").code == 2


@pytest.mark.usefixtures("recorded")
def test_feedback_shows_in_the_hit_rates(cli: Cli) -> None:
    """Of the documents that were sent; an unknown receipt and half a sentence are refused."""
    assert cli("feedback", "r1", "--useless").out.decode() == "r1: useless\n"
    assert cli("feedback", "r1", "--useful").code == 0
    assert cli("feedback", "r9", "--useful").code == 2
    assert "say --useful or --useless" in cli("feedback", "r1").err
    assert "useful" in cli("retrievals").out.decode()
    documents = {
        one["source"]: one for one in json.loads(cli("stats", "--retrieval", "--json").out.decode())["documents"]
    }
    assert documents["refunds.md"] | {"fetched": 1, "sent": 1, "reached": 1, "cited": 1} == documents["refunds.md"]
    assert (documents["refunds.md"]["useful"], documents["shipping.md"]["useful"]) == (1, 0)
    assert "100 %" in cli("stats", "--retrieval").out.decode()
    assert "nothing was fetched in that time" in cli("stats", "--retrieval", "--since", "2099-01-01").out.decode()
