"""The parts of the semantic cache: the certificate, the index, what a question is made of."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.bound import MOST_LESSONS, NEVER, Bound, certified, most_wrong
from sparing.generate.cache.semantic.embed import Encoder, Lexical, Remembering, Sentences, similarity, unit
from sparing.generate.cache.semantic.evidence import APART, Evidence
from sparing.generate.cache.semantic.index import Index, Record
from sparing.generate.cache.semantic.same_answer import same_answer
from sparing.generate.cache.semantic.score import FEWEST, Score, learned
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


def around(rng: random.Random, *, crowd_tells: bool) -> tuple[Evidence, bool]:
    """A lookup in a world where a crowd makes an answer likelier to do, or says nothing."""
    near, num_alike = rng.random(), rng.choice((0, 6))
    return Evidence(near, num_alike), rng.random() < near * (1.0 if num_alike or not crowd_tells else 0.3)


def test_what_the_crowd_is_worth_is_learned() -> None:
    """Much where it tells, hardly anything where it does not; nothing from few lessons or from none that count."""
    rng = random.Random(5)
    telling = learned([around(rng, crowd_tells=True) for _ in range(1_000)])
    silent = learned([around(rng, crowd_tells=False) for _ in range(1_000)])
    assert telling.crowd > 0.3 > 0.15 > silent.crowd >= 0
    assert learned([around(rng, crowd_tells=True) for _ in range(FEWEST - 1)]) == Score()
    assert learned([(APART, True)] * 1_000) == Score()
    assert learned([(Evidence(near := rng.random(), 1), near < 0.5) for _ in range(1_000)]) == Score()


def test_what_the_rules_keep_apart_scores_lowest() -> None:
    """Whatever crowd is around it."""
    assert Score(1.0).of(Evidence(-1.0, 9)) < Score(0.0).of(Evidence(0.0))


def test_no_certificate_is_made_of_what_was_learned_from() -> None:
    """Each label goes to one of the two; once there are lessons enough nearly all go to the certificate."""
    bound = Bound(0.01, rng=random.Random(1))
    for number in range(20_000):
        bound.learn(Evidence(number / 20_000), right=True)
    told = [evidence.similarity for evidence, _ in (*bound._audits, *bound._lessons)]
    assert len(told) == len(set(told))
    assert len(bound._lessons) == MOST_LESSONS
    assert bound.num_labels == len(bound._audits) > 18_000


def wrong_share(score: Score, threshold: float) -> float:
    """The true one of that world above a threshold."""
    in_crowd = min(1.0, max(0.0, 1.05 - (1.05 - threshold) * 7**score.crowd))
    alone = min(1.0, max(0.0, threshold))
    return ((1 - in_crowd) ** 2 / 2 + (1 - alone) - 0.15 * (1 - alone**2)) / 2


def test_the_bound_holds_whatever_was_learned() -> None:
    """200 worlds in which the crowd tells, at 90 % confidence: over the bound in fewer than 10 % of them."""
    over = 0
    for seed in range(200):
        rng = random.Random(seed)
        some = [around(rng, crowd_tells=True) for _ in range(750)]
        score = learned(some[:250])
        assert score.crowd > 0
        threshold = certified([(score.of(evidence), right) for evidence, right in some[250:]], 0.05, 0.1)
        over += wrong_share(score, threshold) > 0.05
    assert over < 20


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


def test_the_crowd_around_a_question_is_counted() -> None:
    """Those that are alike, without the one whose answer it would get."""
    index = Index(100)
    for text in ("reset my password", "how do you reset the password", "password of the wifi router"):
        index.add(b"c", record(text))
    match = index.nearest(b"c", take_apart("reset the password"), Lexical().embed("reset the password"))
    assert match is not None
    assert match.record is not None
    assert match.record.key == b"reset my password"
    assert match.num_alike == 1


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 40), st.floats(0, 1))
def test_a_crowd_brings_a_question_nearer(near: float, far: float, num_alike: int, crowd: float) -> None:
    """Never farther, never beyond a bit more than equal; and who is nearer in the same crowd stays nearer."""
    score = Score(crowd)
    assert score.of(Evidence(near)) == pytest.approx(near)
    assert near - 1e-9 <= score.of(Evidence(near, num_alike)) <= 1.05
    assert near <= far or score.of(Evidence(near, num_alike)) >= score.of(Evidence(far, num_alike))


def test_one_context_does_not_fill_the_index() -> None:
    """Its oldest questions give way."""
    index = Index(100, per_context=5)
    for number in range(20):
        index.add(b"c", record(f"question about topic{number}"))
    assert index.num_records == 5


def test_an_embedding_of_many_texts_takes_one() -> None:
    """As numbers of ours, under its name."""

    class Two:
        name, dimensions = "two", 2

        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return [[1.0, 0.0] for _ in texts]

    one = Sentences(Two())  # type: ignore[arg-type]
    assert (one.name, one.slow, list(one.embed("a"))) == ("two", True, [1.0, 0.0])


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
