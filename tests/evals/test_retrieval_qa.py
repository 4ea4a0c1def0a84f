"""Answers from what is retrieved: the material, what each way sends, the scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sparing.evals.retrieval.answering import Answered
from sparing.evals.run import main
from sparing.evals.tasks import nq, retrieval_qa


class Knowing:
    """Answers with what stands after the question's lake in the passages, as a very good model would."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def count(self, text: str) -> int:
        return len(text.split())

    def answer(self, passages: str, question: str, answers: Sequence[str]) -> Answered:
        self.prompts.append(passages)
        known = nq.holds_answer(passages, tuple(answers))
        return Answered(answers[0] if known else "I do not know", -0.5 if known else -4.0, self.count(passages))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    found = Knowing()
    monkeypatch.setattr(retrieval_qa, "Answerer", lambda: found)
    monkeypatch.setattr(retrieval_qa, "_TEST", ("train", "validation", "test"))
    monkeypatch.setattr(retrieval_qa, "SHARE", 0.3)
    return found


def test_retrieval_sends_the_passage_that_answers(data: Path, model: Knowing) -> None:
    """In a part of the tokens; nothing knows nothing, everything knows all."""
    report = main("retrieval_qa", data=data, n=12)
    ways = report.data["ways"]
    assert list(ways) == list(retrieval_qa.WAYS)
    assert ways["everything"]["evidence"] == [1.0] * 12
    assert ways["nothing"]["evidence"] == [0.0] * 12
    assert ways["retrieved"]["evidence"] == ways["retrieved"]["holds"] == [1.0] * 12
    assert sum(ways["retrieved"]["f1"]) == 12
    tokens = {way: sum(told["prompt_tokens"]) for way, told in ways.items()}
    assert 0 < tokens["retrieved"] <= 0.3 * tokens["everything"]
    assert 0 < tokens["pool"] <= 0.3 * tokens["everything"]


def test_all_questions_of_a_material_share_one_prompt_start(data: Path, model: Knowing) -> None:
    """So it is read once for all of them."""
    main("retrieval_qa", data=data, n=12, methods=["everything"])
    assert len(model.prompts) == 12
    assert len(set(model.prompts)) == 2  # ten questions and two


def test_an_answer_scores_by_its_words() -> None:
    """As SQuAD counts them, and by whether it holds the gold answer."""
    said = Answered("It was the Treaty of Paris.", -1.0, 10)
    assert said.holds(["Treaty of Paris"])
    assert said.f1(["Treaty of Paris", "1783"]) == pytest.approx(2 * 3 / (5 + 3))
    assert not said.holds(["1783"])
    assert said.f1(["1783"]) == 0
