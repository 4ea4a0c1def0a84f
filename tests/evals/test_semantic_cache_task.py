"""The evaluation of the semantic cache: a perfect similarity hits everything, a blind one nothing, wrong is counted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from recorded import write

from sparing.errors import SettingsError
from sparing.evals.paraphrases import banking_traps, quora_pairs
from sparing.evals.task import Draw
from sparing.evals.tasks import semantic_cache
from sparing.evals.tasks.semantic_cache import Lookup, run_live
from sparing.generate.cache.semantic.embed import Lexical


@pytest.fixture
def questions(tmp_path: Path) -> Draw:
    """Forty pairs of Quora's, ten queries of a bank."""
    pairs = [
        {"text_a": f"how do I cook dish {i}", "text_b": f"how can I cook dish {i // 2 * 2}", "label": 1 - i % 2}
        for i in range(40)
    ]
    write(tmp_path / "qqp" / "pairs.jsonl", *pairs)
    rows = [f"my {thing} payment failed,{thing}_failed" for thing in ("card", "cash", "direct", "weekly", "foreign")]
    folder = tmp_path / "banking77"
    folder.mkdir()
    (folder / "train.csv").write_text("\n".join(["text,category", *rows, *rows]))
    return Draw(tmp_path, 40)


def lookups(near: float, far: float) -> list[Lookup]:
    """12,000, half of them duplicates."""
    return [Lookup(near if at % 2 else far, bool(at % 2), False, "a", "b") for at in range(12_000)]


def test_what_the_data_become(questions: Draw) -> None:
    """Pairs with their labels; each trap is of two intents that share words."""
    pairs = quora_pairs(questions)
    assert sum(pair.same for pair in pairs) == 20
    traps = banking_traps(questions, Lexical(), 10)
    assert len(traps) == 10
    assert all(trap.kept != trap.asked and not trap.same and "payment failed" in trap.kept for trap in traps)


def test_a_similarity_that_knows_hits_and_one_that_does_not_never_does() -> None:
    """After the cold start; nothing wrong either way."""
    told = run_live(lookups(0.9, 0.1), 0)
    assert told.last.recall > told.whole.recall > 0.4
    assert 2_000 < told.first_hit < 3_000
    assert told.whole.wrong == 0
    blind = run_live(lookups(0.5, 0.5), 0)
    assert (blind.whole.right, blind.whole.wrong, blind.first_hit) == (0, 0, -1)


def test_wrong_ones_are_kept_below_the_bound() -> None:
    """2 % of lookups look like duplicates at every similarity: the threshold goes where that is 0.5 %."""
    rng = random.Random(3)
    some = [
        Lookup(rng.random(), same, False, "a", "b") if same or rng.random() < 0.04 else Lookup(-1.0, False, False, "a", "b")
        for same in (bool(at % 2) for at in range(40_000))
    ]  # fmt: skip
    outcome, threshold = semantic_cache._split(some, 0)
    assert 0.7 < threshold < 0.95
    assert 0 < outcome.wrong_share <= 0.005
    assert outcome.recall == pytest.approx(1 - threshold, abs=0.02)


def test_the_report(questions: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line per embedding that there is, a note for the one that is not."""
    monkeypatch.delenv("SPARING_CACHE__ENCODER", raising=False)
    report = semantic_cache.measure(questions, ())
    assert [row[0] for row in report.tables[0].rows] == ["words"]
    assert "encoder did not run" in report.notes[0]
    assert "0 of" in report.tables[0].rows[0][5]
    with pytest.raises(SettingsError, match="known: words, encoder"):
        semantic_cache.measure(questions, ("sense",))
