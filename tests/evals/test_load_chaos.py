"""Faults of every kind at once: nothing is lost, nothing crossed, nothing stays open."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from sparing.evals.load.ask import Ask
from sparing.evals.load.chaos import dues, judged
from sparing.evals.load.drive import Due, Sent
from sparing.evals.load.faults import FAULTS
from sparing.evals.load.poison import poison
from sparing.evals.load.stream import Stream
from sparing.evals.task import Draw
from sparing.evals.tasks import load


def test_a_short_chaos_loses_and_crosses_nothing(tmp_path: Path) -> None:
    """Eight seconds of it; `sparing eval load:chaos --minutes 5` is the same for longer."""
    report = load.run(Draw(tmp_path, 1, option="chaos", minutes=8 / 60), ())
    data = report.data
    assert (data["lost"], data["crossed"], data["troubles"]) == (0, 0, {})
    assert (data["still_open"], data["still_reserved"]) == (0, 0)
    assert data["num"] > 100
    assert data["kills"] >= 1
    assert data["poisoned"] > 0
    assert sum(counts.get("whole", 0) for counts in data["by_fault"].values()) > data["num"] / 2
    assert "0 lost, 0 crossed" in report.markdown()


def test_every_fault_is_asked_for() -> None:
    """And requests without one, asked again by others, left half way."""
    some = dues(120.0, random.Random(0))
    faults = Counter(due.ask.fault for due in some)
    assert set(faults) == {"", *FAULTS}
    assert faults[""] > len(some) / 2
    assert len({due.ask.tag for due in some}) < 0.9 * len(some)
    assert any(due.leave_after for due in some)


def ended(
    fault: str, *, tenant: bytes = b"a", call: str = "1", num: int = 2, error: str = "", mark: bool = True
) -> Sent:
    stream = Stream(Ask(1, 2))
    stream.status, stream.num_seen, stream.call = 200, num, call
    stream.done, stream.finish = mark, "stop"
    return Sent(Due(0.0, Ask(1, 2, fault=fault), "gateway", headers=tenant + b"\r\n"), stream, error=error)


@pytest.mark.parametrize(
    ("sent", "ends"),
    [
        ((ended(""),), {"whole": 1}),
        ((ended("", error="no end within 60 s"),), {"lost": 1}),
        ((ended("", mark=False),), {"lost": 1}),
        ((ended("half_event", num=1, mark=False),), {"lost": 1}),
        ((ended("half_event", num=1),), {"lost": 1}),
        ((ended(""), ended("")), {"whole": 2}),
        ((ended(""), ended("", tenant=b"b")), {"whole": 1, "crossed": 1}),
    ],
)
def test_nobody_may_end_an_answer_without_a_word(sent: tuple[Sent, ...], ends: dict[str, int]) -> None:
    """And one answer of the stub belongs to one tenant."""
    by_fault, _ = judged(sent)
    (counts,) = by_fault.values()
    assert counts == ends


def test_a_cache_is_spoiled_row_by_row(tmp_path: Path) -> None:
    """A few rows at a time; a file that is not there yet is left alone."""
    path = tmp_path / "answers.sqlite"
    assert poison(path, random.Random(0)) == 0
    with sqlite3.connect(path) as made:
        made.execute("create table answers (key, tenant, used_s, expires_s, size_bytes, seal, data)")
        made.executemany(
            "insert into answers values (?, 't', 1, 1, 1, ?, ?)", [(n, f"s{n}", f"d{n}") for n in range(9)]
        )
        before = made.execute("select * from answers").fetchall()
    made.close()
    assert poison(path, random.Random(0)) == 6
    with sqlite3.connect(path) as spoiled:
        assert len(set(before) - set(spoiled.execute("select * from answers").fetchall())) >= 4
    spoiled.close()
