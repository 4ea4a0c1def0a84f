"""The parts of the semantic cache: the certificate, the index, what a question is made of."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.bound import NEVER, Bound, certified, most_wrong
from sparing.generate.cache.semantic.embed import Encoder, Lexical, Remembering, similarity, unit
from sparing.generate.cache.semantic.index import Index, Record
from sparing.generate.cache.semantic.same_answer import same_answer
from sparing.generate.cache.semantic.wording import take_apart


def test_most_wrong_is_the_binomial_tail() -> None:
    """Against values of the closed form: none of n when (1 - share)^n is small enough."""
    assert most_wrong(1_000, 0.005, 0.01) == 0
    assert most_wrong(900, 0.005, 0.01) == -1
    assert most_wrong(10, 0.5, 0.06) == 2
    assert most_wrong(10, 0.5, 1.0) == 10


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), max_size=300), st.floats(0.05, 0.5))
def test_what_is_certified_has_few_wrong(audits: list[tuple[float, bool]], share: float) -> None:
    """Above the threshold there are never more wrong ones than allowed, and one more would be too many."""
    threshold = certified(audits, share, 0.05)
    allowed = most_wrong(len(audits), share, 0.05)
    if threshold == NEVER:
        assert allowed < 0
        return
    assert sum(not right for near, right in audits if near > threshold) <= allowed
    assert sum(not right for near, right in audits if near >= threshold) > allowed or threshold == min(audits)[0]


def test_the_bound_holds_in_nearly_all_worlds() -> None:
    """400 calibrations at 90 % confidence: the true share is over the bound in fewer than 10 % of them."""
    over = 0
    for seed in range(400):
        rng = random.Random(seed)
        audits = [(near, rng.random() < near) for near in (rng.random() for _ in range(500))]
        threshold = certified(audits, 0.05, 0.1)
        over += (1 - min(threshold, 1.0)) ** 2 / 2 > 0.05  # of wrong answers above it, in this world
    assert over < 40


def test_labels_that_cannot_be_read_are_learned_anew(tmp_path: Path) -> None:
    """A broken file is none."""
    (tmp_path / "labels").write_bytes(b"\xc1")
    assert Bound(0.01, file=tmp_path / "labels").threshold == NEVER


@given(st.text(max_size=60), st.text(max_size=60))
def test_agreement_has_no_sides(one: str, other: str) -> None:
    """A question agrees with itself, and both ways alike."""
    here, there = take_apart(one), take_apart(other)
    assert disagreement(here, here) == ""
    assert bool(disagreement(here, there)) == bool(disagreement(there, here))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Paris", "paris.", True),
        ("The capital of France is Paris.", "The capital of France is: Paris", True),
        ("It costs 5 euros.", "It costs 6 euros.", False),
        ("Yes, that is allowed here.", "Yes, that is not allowed here.", False),
        ("", "", True),
        ("...", "?!", False),
        ("Open the settings and choose reset.", "You cannot do that, call us on the phone.", False),
    ],
)
def test_the_same_answer(one: str, other: str, same: bool) -> None:
    """Equal but for form, or with the same numbers and negations and most words."""
    assert same_answer(one, other) is same
    assert same_answer(other, one) is same


def record(text: str) -> Record:
    return Record(text.encode(), take_apart(text), Lexical().embed(text))


def test_the_index_finds_the_nearest_and_stays_within_its_bound() -> None:
    """In its context only; what gives way is forgotten whole."""
    index = Index(50)
    for number in range(200):
        index.add(b"c%d" % (number % 4), record(f"question about topic{number} and widgets"))
        assert index.num_records <= 50
    index.add(b"c9", record("reset the password"))
    query = take_apart("password reset")
    vector = Lexical().embed("password reset")
    match = index.nearest(b"c9", query, vector)
    assert match is not None
    assert match.record is not None
    assert match.record.key == b"reset the password"
    assert index.nearest(b"c3", query, vector) is None
    index.remove(b"c9", b"reset the password")
    index.remove(b"c9", b"reset the password")
    assert index.nearest(b"c9", query, vector) is None
    groups = index._groups.values()
    assert index.num_records == sum(len(group.records) for group in groups)
    assert all(one in group.records.values() for group in groups for some in group.by_word.values() for one in some)


def test_vectors() -> None:
    """Of length 1, zeros for nothing; remembered by hash, the newest."""

    class Counting(Lexical):
        calls = 0

        def embed(self, text: str):  # type: ignore[no-untyped-def]
            self.calls += 1
            return super().embed(text)

    counting = Counting()
    kept = Remembering(counting, most=2)
    for text in ("a b", "a b", "c", "d", "a b"):
        kept.embed(text)
    assert counting.calls == 4
    assert similarity(kept.embed("refund order"), kept.embed("order refund")) == pytest.approx(1.0)
    assert list(unit([0.0, 0.0])) == [0.0, 0.0]


def test_no_encoder_there(tmp_path: Path) -> None:
    """Said with what is missing."""
    with pytest.raises(SettingsError, match=r"model\.onnx|pip install"):
        Encoder(tmp_path)
