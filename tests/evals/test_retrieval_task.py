"""Which passages are found: pools, rankers, the report and the fit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.evals.retrieval import fit
from sparing.evals.retrieval.pools import ALL, Pool, Query, Text, pools, turn_windows
from sparing.evals.retrieval.rankers import rankers
from sparing.evals.run import main
from sparing.evals.tasks.nq import holds_answer
from sparing.evals.tasks.retrieval import Run
from sparing.retrieve.embed.choose import STATIC, shipped
from sparing.retrieve.fuse import Found

FEW = ("nq", "tatqa", "qmsum", "xquad:en")
LAKES = {"Ana": 7, "Bor": 9}


@pytest.fixture
def made(data: Path) -> dict[str, Pool]:
    return {pool.name: pool for pool in pools(data, ALL, FEW)}


def test_every_question_has_its_gold_in_the_pool(made: dict[str, Pool]) -> None:
    """And the gold is the passage that it was asked about."""
    assert list(made) == list(FEW)
    for pool in made.values():
        assert pool.queries
        assert all(query.gold <= set(range(len(pool.texts))) for query in pool.queries)
    for name in ("nq", "xquad:en"):
        for query in made[name].queries:
            (gold,) = query.gold
            assert query.answers[0] in made[name].texts[gold].text


def test_natural_questions_are_asked_of_three_pools(data: Path) -> None:
    """Of passages, of the same without titles, and of their sentences, of which those are gold that hold an answer."""
    whole, untitled, sentences = pools(data, ALL, ("nq", "nq:untitled", "nq:sentences"))
    assert [text.text for text in untitled.texts] == [text.text for text in whole.texts]
    assert untitled.queries == whole.queries
    assert any(text.heads for text in whole.texts)
    assert not any(text.heads for text in untitled.texts)
    assert len(sentences.texts) > len(whole.texts)
    passages = {(text.heads, text.text) for text in whole.texts}
    assert all(any(text.heads == h and text.text in t for h, t in passages) for text in sentences.texts)
    for query in sentences.queries:
        for place, text in enumerate(sentences.texts):
            assert place not in query.gold or holds_answer(text.text, query.answers)


def test_tables_and_paragraphs_are_gold_where_the_answer_was_taken_from_them(made: dict[str, Pool]) -> None:
    """One or both."""
    first, second, *_ = made["tatqa"].queries
    assert [made["tatqa"].texts[place].text[0] for place in sorted(first.gold)] == ["|"]
    assert [made["tatqa"].texts[place].text[0] for place in sorted(second.gold)] == ["M", "|"]


def test_a_part_of_the_data_has_only_its_own_questions(data: Path) -> None:
    """All parts together have all, each in one."""
    whole = next(pools(data, ALL, ("nq",)))
    parts = [next(pools(data, (split,), ("nq",))).queries for split in ALL]
    assert sorted(query.question for part in parts for query in part) == sorted(q.question for q in whole.queries)


@given(st.lists(st.text("ab ", min_size=1, max_size=1_500), max_size=12))
def test_windows_are_whole_turns_of_the_transcript(turns: list[str]) -> None:
    """In order, without a gap; of more than about a thousand characters only where one turn is."""
    text = "".join(f"{turn}\n" for turn in turns)
    found = turn_windows(text)
    assert "".join(text[a:b] for a, b in found) == text
    assert all(b == c for (_, b), (c, _) in pairwise(found))
    assert all(b - a <= 1_000 or text[a : b - 1].count("\n") == 0 for a, b in found)


@pytest.mark.parametrize("name", ["bm25", "bm25_porter", "hybrid_static", "judged_static", "hybrid", "hybrid_judged"])
def test_every_ranker_finds_the_one_passage_that_answers(name: str) -> None:
    """What is asked for has words that no other passage has."""
    ranker = rankers()[name]
    texts = [Text("Bread is baked from flour and water."), Text("Ships sail to the harbour.", "Sea"), Text("It rains.")]
    with ranker.index(texts) as rank:
        assert rank("Where do ships sail?")[0] == [1]
        assert rank("How is bread baked?")[0] == [0]


def test_the_report_counts_what_is_found(data: Path) -> None:
    """Found at 20 of 12 passages is all that share a word with the question."""
    report = main("retrieval:nq", data=data, methods=["bm25", "hybrid_judged"])
    runs = {run["ranker"]: run for run in report.data["runs"]}
    assert runs["bm25"]["found"]["20"]["mean"] == 1.0
    assert runs["hybrid_judged"]["found"]["5"]["mean"] == 1.0
    assert report.tables[0].title.startswith("nq: 12 passages")
    assert report.tables[-1].rows[0][0] == "nq"


def test_unknown_pools_and_rankers_are_errors(data: Path) -> None:
    """They name those that are known."""
    with pytest.raises(SettingsError, match="no pool is called 'moon'"):
        main("retrieval:moon", data=data)
    with pytest.raises(SettingsError, match="no ranker is called 'luck'"):
        main("retrieval:nq", data=data, methods=["luck"])


def test_a_rank_counts_up_to_its_place() -> None:
    """0 is never found."""
    run = Run("mine", "nq", (1, 3, 0), 0.0)
    assert [tally.got for tally in run.found(1)] == [1, 0, 0]
    assert [tally.got for tally in run.found(5)] == [1, 1, 0]
    assert [tally.got for tally in run.reciprocal()] == [1, 1 / 3, 0]


def test_the_regression_finds_the_weights_behind_chances() -> None:
    """From many examples of them."""
    rng = np.random.default_rng(0)
    signs = rng.random((20_000, 2))
    chances = 1 / (1 + np.exp(-(-2 + 1.5 * signs[:, 0] + 3 * signs[:, 1])))
    answers = (rng.random(20_000) < chances).astype(float)
    assert fit.regression(signs, answers) == pytest.approx([-2, 1.5, 3], abs=0.2)


def test_the_direction_finds_the_weights_behind_choices() -> None:
    """From many questions whose answer was drawn by them, however hard each question is."""
    rng = np.random.default_rng(0)
    questions = []
    for _ in range(3_000):
        signs = rng.random((6, 2)) + rng.normal() * 5
        drawn = np.exp(signs @ [4.0, -2.0])
        answers = np.zeros(6)
        answers[rng.choice(6, p=drawn / drawn.sum())] = 1
        questions.append((signs, answers))
    assert fit.direction(questions) == pytest.approx([4, -2], abs=0.4)


def test_the_fit_prefers_what_answers() -> None:
    """Weights grow with each sign that tells, and a question without its article has the lesser chance."""
    pool = Pool(
        "made",
        [Text(f"Lake {name} lies north and is {depth} metres deep.", article=name) for name, depth in LAKES.items()],
        [Query(f"How deep is Lake {name}?", frozenset({place})) for place, name in enumerate(LAKES)],
    )
    found = list(fit.examples(pool, shipped(STATIC)))
    assert [(one.question, one.without, one.answers) for one in found] == [
        *[(0, False, True), (0, False, False), (0, True, False)],
        *[(1, False, True), (1, False, False), (1, True, False)],
    ]
    weights = fit.fitted(found, "words", "near", "room")
    assert weights.fused.words + weights.fused.near > 0
    assert weights.fused.vector == weights.fused.relevance == 0
    assert weights.judged.relevance > 0
    assert weights.fused.chance(found[0].found) > weights.fused.chance(found[2].found)


@pytest.mark.parametrize("tells", ["words", "near"])
def test_the_sign_that_finds_more_weighs_more(tells: str) -> None:
    """The other one misleads in every second question."""
    found = []
    for number in range(20):
        for row, answers in enumerate((True, *(False,) * 7)):
            misled = number % 2 and row
            other = "near" if tells == "words" else "words"
            signs = {tells: 0.6 if answers else 0.5, other: 0.9 if misled else 0.2}
            found.append(fit.Example("made", number, Found(row, **signs), float(answers), answers, one_article=True))
    weights = fit.fitted(found, "words", "near").fused
    assert getattr(weights, tells) > getattr(weights, other)
    assert all(weights.chance(found[at].found) > weights.chance(found[at + 1].found) for at in range(0, 160, 8))
