"""The embedded model asked for an evaluation."""

from __future__ import annotations

import os

import pytest

from sparing.errors import ModelMissing
from sparing.evals.retrieval.answering import MODEL, Answerer
from sparing.generate.weights import locate
from sparing.settings.paths import models_folder


def missing() -> bool:
    try:
        locate(MODEL, models_folder(os.environ))
    except ModelMissing:
        return True
    return False


@pytest.mark.local_model
@pytest.mark.skipif(missing(), reason="the weights are not here; `make model` gets them")
def test_the_model_finds_the_right_answer_likelier_and_remembers_nothing_of_other_questions() -> None:
    """What was read before a question is read once, and each question finds it as it was."""
    model = Answerer()
    passages = "The lamp is in the cellar. The ladder is in the barn.\n\n"
    first = model.answer(passages, "Where is the lamp?", ["cellar"])
    assert first.holds(["cellar"])
    wrong = model.answer(passages, "Where is the lamp?", ["harbour"])
    assert wrong.text == first.text
    assert wrong.gold_nats < first.gold_nats
    both = model.answer(passages, "Where is the lamp?", ["harbour", "cellar"])
    assert both.gold_nats == pytest.approx(first.gold_nats, abs=1e-3)
    assert model.answer("", "Where is the lamp?", ["cellar"]).gold_nats < first.gold_nats
