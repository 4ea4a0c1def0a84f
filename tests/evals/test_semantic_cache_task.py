"""The evaluation of the semantic cache: a perfect similarity hits everything, a blind one nothing, wrong is counted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from recorded import write

from sparing.errors import SelectorMissing, SettingsError
from sparing.evals.answered.labels import Ceiling, Stratum
from sparing.evals.answered.lookups import Lookup, look_up
from sparing.evals.answered.runs import run_live, run_split
from sparing.evals.paraphrases import banking_traps, quora_pairs
from sparing.evals.task import Draw
from sparing.evals.tasks import semantic_cache
from sparing.generate.cache.semantic.embed import Lexical
from sparing.generate.cache.semantic.evidence import APART


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


TWICE = [
    {"text_a": "Reset my mail password please", "text_b": "Reset the mail password please", "label": 1},
    {"text_a": "reset mail password", "text_b": "please reset the mail password", "label": 1},
    {"text_a": "Do I pay for dish 1?", "text_b": "Do I pay for dish 2?", "label": 0},
]


def missing() -> None:
    """No model is shipped."""
    raise SelectorMissing("there is none")


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


def test_the_crowd_is_of_questions_that_are_known(questions: Draw) -> None:
    """Others that are alike, once the index holds them; nothing where the rules keep a pair apart."""
    write(questions.data_dir / "qqp" / "pairs.jsonl", *TWICE)
    some = look_up(questions, Lexical(), "words")
    near = next(one for one in some if one.alike)
    assert near.kept not in near.alike
    assert near.asked not in near.alike
    assert near.evidence(()).num_alike == 0 < near.evidence(near.alike).num_alike == len(near.alike)
    assert {one.evidence(one.alike) for one in some if one.similarity < 0} == {APART}


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
    split = run_split(some, 0)
    assert 0.7 < split.threshold < 0.95
    assert 0 < split.outcome.wrong_share <= 0.005
    assert split.outcome.recall == pytest.approx(1 - split.threshold, abs=0.02)
    assert split.outcome.recall < split.best(0.005) < split.best(0.02)


def test_the_report(questions: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines per embedding that there is, a note for the one that is not."""
    monkeypatch.delenv("SPARING_CACHE__ENCODER", raising=False)
    monkeypatch.setattr("sparing.select.sentence.sentence_embedding", missing)
    report = semantic_cache.measure(questions, ())
    assert [row[0] for row in report.tables[0].rows] == ["words, alone", "words, with the crowd"]
    assert "encoder did not run" in report.notes[0]
    assert "0 of" in report.tables[0].rows[0][5]
    with pytest.raises(SettingsError, match="known: words, encoder, labels"):
        semantic_cache.measure(questions, ("sense",))


def test_a_perfect_judge_is_held_by_labels_that_are_wrong() -> None:
    """The more pairs that ask the same are labelled as different, the fewer duplicates can be hit within a bound."""
    some = [Stratum("all", 1000, 100, 50)]
    found = Ceiling(some, agreeing=900, duplicates=1000, lookups=100_000, certified=0.001)
    assert found.mislabelled[0] == 500
    middle, low, high = found.hit(0.001)
    assert middle == pytest.approx(0.9 * 100 / 500)
    assert low < middle < high
    assert found.most_mislabelled(0.001, middle) == pytest.approx(500)
    assert found.hit(0.9)[0] == 0.9
    clean = Ceiling([Stratum("all", 1000, 100, 10)], 900, 1000, 100_000, 0.001)
    assert clean.hit(0.001)[0] > middle


def test_of_other_pairs_nothing_is_said(questions: Draw) -> None:
    """Those that were read are no sample of them."""
    with pytest.raises(SettingsError, match="no random sample"):
        semantic_cache.measure(questions, ("labels",))
