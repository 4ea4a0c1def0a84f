"""Routing on recorded outcomes."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.routing.curve import curve, interval
from sparing.evals.routing.words import fit_words
from sparing.evals.task import Draw
from sparing.evals.tasks.routing import BENCH

GAINS = [1, 0, 0, 1, -1, 0, 1, 0]


def test_the_best_order_recovers_more_than_everything() -> None:
    """Where the weak model is sometimes alone in being right, asking the strong one everywhere is not best."""
    best = curve(GAINS, GAINS)
    assert max(best.recovered) == 1.5
    assert best.recovered[-1] == 1.0
    assert best.cpt(1.0) == 2 / 8
    worst = curve([-gain for gain in GAINS], GAINS)
    assert best.apgr == pytest.approx(1 - worst.apgr)


def test_knowing_nothing_recovers_half() -> None:
    """Ties are broken at random, so equal scores are no order."""
    gains = GAINS * 500
    assert curve([0.0] * len(gains), gains).apgr == pytest.approx(0.5, abs=0.03)


def test_the_interval_is_over_groups() -> None:
    """With one group there is nothing to draw; with many it holds the mean."""
    rng = random.Random(0)
    gains = [rng.choice(GAINS) for _ in range(400)]
    scores = [gain + rng.random() * 3 for gain in gains]
    apgr = curve(scores, gains).apgr
    low, high = interval(scores, gains, ["one"] * 400)
    assert low == high == pytest.approx(apgr)
    low, high = interval(scores, gains, [str(at % 20) for at in range(400)])
    assert low < apgr < high


def test_words_that_tell_are_learned() -> None:
    """The baseline is no straw man."""
    texts = [f"the {'hard' if at % 2 else 'easy'} one number {at % 7}" for at in range(60)]
    model = fit_words(texts, [bool(at % 2) for at in range(60)])
    assert model.score("a hard one") > model.score("an easy one")


def write(folder: Path) -> None:
    folder.mkdir()
    rng = random.Random(1)
    for subject in range(10):
        with (folder / f"mmlu_s{subject}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["prompt", "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"])
            for at in range(40):
                negated = rng.random() < 0.5
                weak = rng.random() < (0.2 if negated else 0.9)
                out.writerow(
                    [f"Which is {'NOT ' if negated else ''}so?\nA. {at}\nB. no\nAnswer:", weak, rng.random() < 0.9]
                )


def test_the_report(tmp_path: Path) -> None:
    """What can be learned is recovered on subjects that were held out; the oracle is the bound."""
    write(tmp_path / "routing")
    report = BENCH.measure(Draw(tmp_path, 10**6), ("sparing", "random", "oracle"))
    points = {point["method"]: point["apgr"] for point in report.data["points"]}
    assert points["random"] < 0.6 < points["sparing"] < points["oracle"]
    assert report.data["n"] == 400
    assert [row[0] for row in report.tables[0].rows] == ["sparing", "random", "oracle"]


def test_meaning_is_looked_at_where_it_is_asked_for(tmp_path: Path) -> None:
    """It finds what the form finds; by default it is left out, being slow."""
    write(tmp_path / "routing")
    (point,) = BENCH.measure(Draw(tmp_path, 120), ("form and meaning",)).data["points"]
    assert point["apgr"] > 0.55
    names = [point["method"] for point in BENCH.measure(Draw(tmp_path, 120), ()).data["points"]]
    assert "form and meaning" not in names
    assert "sparing" in names


def test_no_data(tmp_path: Path) -> None:
    """The error says where to get them."""
    with pytest.raises(SettingsError, match="RouteLLM"):
        BENCH.measure(Draw(tmp_path, 10), ())
    (tmp_path / "routing").mkdir()
    with pytest.raises(SettingsError, match="no outcomes"):
        BENCH.measure(Draw(tmp_path, 10), ())
