"""Losses, static vectors, fusion weights and the budget that evaluation fills."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from sparing.select.training.contexts import Context  # noqa: E402
from sparing.select.training.fuse import fit_fusion  # noqa: E402
from sparing.select.training.groups import Batch  # noqa: E402
from sparing.select.training.loss import loss, unit_means  # noqa: E402
from sparing.select.training.static import Static, StaticPlan, Texts, fit_static, load_static, save_static  # noqa: E402


def test_a_unit_has_the_mean_of_its_tokens() -> None:
    """Tokens of no unit count nowhere; a unit without tokens has 0."""
    scores = torch.tensor([[9.0, 1.0, 3.0, 5.0, 9.0]])
    assert unit_means(scores, torch.tensor([[-1, 0, 0, 2, -1]]), 3).tolist() == [[2.0, 0.0, 5.0]]


@pytest.mark.parametrize("every", [0.0, 1.0])
def test_the_loss_falls_with_the_right_answer(every: float) -> None:
    """The gold unit of the gold passage above all others costs less than the other way round."""
    batch = Batch(
        x=torch.zeros(2, 4, 1),
        mask=torch.ones(2, 4, dtype=torch.long),
        sides=torch.ones(2, 4, dtype=torch.long),
        unit_of=torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1]]),
        gold=torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
        group_of=torch.tensor([0, 0]),
        every=torch.tensor([every]),
        blank=torch.tensor([False, False]),
        answer=torch.zeros(2, 4, dtype=torch.bool),
    )
    keep = torch.tensor([[-2.0, -2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    passage, nothing = torch.tensor([2.0, -2.0]), torch.zeros(2, 4)
    assert loss(batch, passage, keep, nothing) < loss(batch, -passage, -keep, nothing)


def test_static_vectors_come_to_rank_what_belongs_together(tmp_path: Path) -> None:
    """After fitting, a question is nearer to its passage than to any other; int8 keeps that."""
    rng = np.random.default_rng(0)
    questions = [[1_000 + i] for i in range(12)]
    passages = [[1_100 + i, 1_200 + i] for i in range(12)]
    teacher = torch.nn.functional.normalize(torch.tensor(rng.normal(size=(12, 16)), dtype=torch.float32), dim=-1)
    texts = Texts([*questions, *passages], torch.cat([teacher, teacher]), [(i, 12 + i, ()) for i in range(12)])
    torch.manual_seed(0)
    model = Static(torch.randn(1_300, 8) * 0.1)
    facts = fit_static(model, texts, StaticPlan(dims=8, steps=200, texts=24, rate=2e-2), lambda _: None)
    save_static(model, tmp_path / "static.npz")
    found = load_static(tmp_path / "static.npz")
    with torch.no_grad():
        nearest = (found(questions) @ found(passages).T).argmax(1)
    assert nearest.tolist() == list(range(12))
    assert facts["texts"] == 24


def test_fusion_finds_the_feature_that_tells() -> None:
    """Of one feature that tells and one that does not the first gets the weight; chances are about right."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(200), 10)
    y = (np.tile(np.arange(10), 200) == 0).astype(np.float32)
    x = np.stack([y * 2 + rng.normal(size=len(y)), rng.normal(size=len(y))], 1).astype(np.float32)
    bias, telling, noise = fit_fusion(x, y, group)
    assert telling > 5 * abs(noise)
    chances = 1 / (1 + np.exp(-(bias + x @ np.array([telling, noise]))))
    assert abs(chances.mean() - 0.1) < 0.01


def context(all_gold: bool) -> Context:
    """Two passages of two units each; gold are the second unit of the first and the first of the second."""
    gold = (frozenset({1}), frozenset({0}))
    return Context("nq", "home", "who", (3, 4), gold, ((10, 10), (30, 50)), all_gold)


def test_the_budget_is_filled_best_first() -> None:
    """A unit that does not fit is passed over; one gold unit is enough unless all are."""
    scores = [[0.1, 0.9], [0.8, 0.2]]
    assert context(all_gold=False).kept(scores, 0.10) == 1.0
    assert context(all_gold=True).kept(scores, 0.10) == 0.25
    assert context(all_gold=True).kept(scores, 0.40) == 1.0
    assert context(all_gold=False).kept(scores, 0.05) == 0.0
