"""The cascade never pays more than the strong model alone would cost, but for what finding out costs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.generate.confidence import Confidence
from sparing.generate.traffic import MOST_CLASSES, Classes

NEVER = 1.0  # a draw that explores nothing
SHARES = st.floats(0, 1)


def history(confidence: Confidence, easy: float, seed: int, num: int, calls: int = 1) -> None:
    """Traffic of which a share is easy, as the signal tells."""
    rng = random.Random(seed)
    for _ in range(num):
        if not confidence.is_worth_trying():
            continue
        is_easy = rng.random() < easy
        signal = (rng.gauss(0.9 if is_easy else 0.1, 0.1),)
        if not confidence.takes(signal, calls):
            confidence.learn(signal, is_easy)


@settings(max_examples=60, deadline=None)
@given(SHARES, st.floats(0.02, 1.5), st.integers(1, 4), st.integers(0, 99))
def test_a_try_is_never_expected_to_cost_more_than_it_spares(easy: float, price: float, calls: int, seed: int) -> None:
    """Where it is tried without exploring: price of the tries, and of a strong answer after each that failed, is less
    than a strong answer for each."""
    confidence = Confidence(1, 0.9, price, draw=random.Random(seed).random)
    history(confidence, easy, seed, 600, calls)
    learned = confidence.learned()
    if confidence.pays and learned.tried >= 20:
        failed = learned.tried - learned.taken
        assert learned.paid + failed < learned.tried
    if price >= 1:
        assert not confidence.pays
        assert learned.num_tries == 0


@settings(max_examples=30, deadline=None)
@given(SHARES, st.floats(0.02, 0.98), st.integers(0, 99))
def test_all_in_all_it_costs_no_more_than_the_strong_model_and_what_finding_out_costs(
    easy: float, price: float, seed: int
) -> None:
    """Over 4,000 requests: 20 strong answers' worth of first tries, as much again while it is not sure, and three in
    a hundred."""
    rng, cost, num = random.Random(seed), 0.0, 4000
    confidence = Confidence(1, 0.9, price, draw=rng.random)
    for _ in range(num):
        if not confidence.is_worth_trying():
            cost += 1
            continue
        is_easy = rng.random() < easy
        signal = (rng.gauss(0.9 if is_easy else 0.1, 0.1),)
        taken = confidence.takes(signal)
        cost += price + (not taken)
        if not taken:
            confidence.learn(signal, is_easy)
    assert cost <= num * (1 + 0.05 * price) + 120


@pytest.mark.parametrize("price", [0.1, 0.5])
def test_easy_traffic_gets_cheaper(price: float) -> None:
    """Seven in ten are easy: most of what that can spare is spared."""
    confidence = Confidence(1, 0.9, price, draw=random.Random(1).random)
    history(confidence, 0.7, 1, 3000)
    learned = confidence.learned()
    assert confidence.pays
    assert learned.taken / learned.tried > 0.6


def new() -> Confidence:
    return Confidence(1, 0.9, 0.1, draw=lambda: NEVER)


def test_what_was_learned_outlasts_a_restart(tmp_path: Path) -> None:
    """Another process takes what the first would take, and goes on from there."""
    file = tmp_path / "folder" / "learned"
    first = Classes(file, ("signal",))
    traffic = first.of("a", new)
    history(traffic.whole, 0.7, 3, 400)
    traffic.shown(kept=True)
    first.compared()
    first.save()
    second = Classes(file, ("signal",)).of("a", new)
    assert second.whole.learned() == traffic.whole.learned()
    assert second.kept_share == traffic.kept_share > 0.5
    assert [second.whole.is_enough((x / 10,)) for x in range(11)] == [
        traffic.whole.is_enough((x / 10,)) for x in range(11)
    ]
    assert second.whole.is_enough((1.0,))


@pytest.mark.parametrize("written", [b"", b"\xff\x00", b"\x83"])
def test_a_file_that_cannot_be_read_is_none(tmp_path: Path, written: bytes) -> None:
    """All is learned anew."""
    file = tmp_path / "learned"
    file.write_bytes(written)
    assert Classes(file, ("signal",)).of("a", new).whole.num_compared == 0


def test_what_was_learned_of_other_signals_is_not_used(tmp_path: Path) -> None:
    """A number means nothing without its name."""
    first = Classes(tmp_path / "learned", ("signal",))
    history(first.of("a", new).whole, 0.7, 3, 100)
    first.compared()
    first.save()
    assert Classes(tmp_path / "learned", ("other",)).of("a", new).whole.num_compared == 0
    assert Classes(tmp_path / "learned", ("signal",)).of("a", new).whole.num_compared > 0


def test_a_folder_that_cannot_be_written_to_costs_nothing_else(tmp_path: Path) -> None:
    """It is said in the log."""
    (tmp_path / "file").write_text("")
    classes = Classes(tmp_path / "file" / "learned", ("signal",))
    classes.of("a", new)
    classes.compared()
    classes.save()


def test_classes_are_bounded() -> None:
    """The one not seen for longest is forgotten."""
    classes = Classes(None, ("signal",))
    kept = classes.of("kept", new)
    for number in range(MOST_CLASSES * 2):
        classes.of(str(number), new)
        assert classes.of("kept", new) is kept
    assert len(classes) == MOST_CLASSES


def test_classes_that_were_not_seen_again_are_kept(tmp_path: Path) -> None:
    """A restart that meets one class does not forget the others."""
    first = Classes(tmp_path / "learned", ("signal",))
    for name in ("a", "b"):
        history(first.of(name, new).whole, 0.7, 3, 100)
    first.compared()
    first.save()
    second = Classes(tmp_path / "learned", ("signal",))
    second.of("a", new)
    second.compared()
    second.save()
    assert Classes(tmp_path / "learned", ("signal",)).of("b", new).whole.num_compared > 0
