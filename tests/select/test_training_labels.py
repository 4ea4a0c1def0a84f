"""Labels by a language model: one forward says what many would, and doubtful units count for less."""

import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("tokenizers")

from sparing.select.training import labels  # noqa: E402
from sparing.select.training.corpus import Corpus, Passage, Question  # noqa: E402
from sparing.select.training.groups import Batch, Labels, draw_groups  # noqa: E402
from sparing.select.training.likelihood import Told, answer_likelihoods, drops  # noqa: E402
from sparing.select.training.loss import loss  # noqa: E402


@pytest.fixture(scope="module")
def model() -> object:
    """A tiny causal model with weights by chance."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=60, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4
    )
    return transformers.LlamaForCausalLM(config).eval()


def alone(model: object, one: Told, gone: frozenset[int]) -> float:
    """The answer's log-likelihood in a forward of its own."""
    left = [token for at, unit in enumerate(one.units) if at not in gone for token in unit]
    ids = [*left, *one.ask, *one.answer]
    with torch.inference_mode():
        shares = model(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1)  # type: ignore[operator]
    start = len(ids) - len(one.answer)
    return float(sum(shares[at - 1, ids[at]] for at in range(start, len(ids))))


def test_one_forward_says_what_a_forward_for_each_variant_does(model: object) -> None:
    """Whatever is left out: nothing, the first unit, the last, several, all."""
    rng = random.Random(0)
    one = Told([[rng.randrange(60) for _ in range(n)] for n in (3, 1, 5, 2)], [7, 8, 9], [11, 12])
    variants = [frozenset(gone) for gone in ((), (0,), (3,), (1, 2), (0, 1, 2, 3))]
    found = answer_likelihoods(model, one, variants)
    assert found == pytest.approx([alone(model, one, gone) for gone in variants], abs=1e-4)


def test_units_that_hold_the_answer_are_judged_without_each_other(model: object) -> None:
    """What one of two adds to the passage without both."""
    one = Told([[1, 2], [3, 4], [5]], [7, 8], [2, 4])
    found = drops(model, one, frozenset({0, 1}))
    neither = alone(model, one, frozenset({0, 1}))
    assert found == pytest.approx(
        {0: alone(model, one, frozenset({1})) - neither, 1: alone(model, one, frozenset({0})) - neither}, abs=1e-4
    )


def test_the_best_is_sure_and_others_by_their_share() -> None:
    """Where the model makes nothing of any, nothing is known; what makes the answer less likely counts for nothing."""
    assert labels.sureness({0: 8.0, 2: 2.0, 3: -1.0}) == {0: 1.0, 2: 0.25, 3: 0.0}
    assert labels.sureness({0: 0.4, 1: -3.0}) == {0: 1.0, 1: 1.0}
    assert labels.told_apart({"nq": {1: {0: 1.0, 2: 0.25}, 2: {0: 1.0, 1: 0.9}}}) == {"questions": 2, "told_apart": 1}


def corpus() -> Corpus:
    """One passage of three sentences; two questions of which one has two gold units."""
    passage = Passage("home", "A b. C d. E f.", (0, 5, 10, 14))
    ask = {
        number: Question("home", "train", "who?", ("b",), {0: frozenset(gold)}, answer="b")
        for number, gold in enumerate(({0, 2}, {1}))
    }
    return Corpus("nq", [passage], [ask[0], ask[1]])


def test_only_train_questions_in_doubt_are_asked(tmp_path: Path) -> None:
    """A question with one gold unit has nothing to be told; what is written reads the same."""
    assert labels.doubtful({"nq": corpus()}, None, seed=1) == [("nq", 0)]
    assert labels.doubtful({"nq": corpus()}, 0, seed=1) == []
    path = tmp_path / "labels.json"
    assert labels.load(path) == {}
    labels.save({"nq": {0: {0: 3.5, 2: 0.1}}}, path)
    assert labels.load(path) == {"nq": {0: {0: 3.5, 2: 0.1}}}


def test_a_group_knows_how_surely_its_units_answer() -> None:
    """A unit on which nothing hangs is no gold any more; without labels all are."""
    known: Labels = {"nq": {0: {0: 1.0, 2: 0.0}}}
    drawn = [
        {
            group.question: group.gold[0]
            for group in draw_groups(
                {"nq": corpus()},
                {"nq": {0: [], 1: []}},
                {"nq": {0}},
                "train",
                random.Random(0),
                blanks=0.0,
                labels=some,
            )
        }
        for some in (known, None)
    ]
    assert drawn == [{0: {0: 1.0}, 1: {1: 1.0}}, {0: {0: 1.0, 2: 1.0}, 1: {1: 1.0}}]


def test_a_surer_unit_is_worth_more_to_the_loss() -> None:
    """Choosing the unit that surely answers costs less than choosing the doubtful one."""
    gold = torch.tensor([[1.0, 0.2, 0.0]])
    batch = Batch(
        x=torch.zeros(1, 3, 1),
        mask=torch.ones(1, 3, dtype=torch.long),
        sides=torch.ones(1, 3, dtype=torch.long),
        unit_of=torch.tensor([[0, 1, 2]]),
        gold=gold,
        group_of=torch.tensor([0]),
        every=torch.tensor([0.0]),
        blank=torch.tensor([False]),
        answer=torch.zeros(1, 3, dtype=torch.bool),
    )
    passage, nothing = torch.tensor([1.0]), torch.zeros(1, 3)
    first, second = torch.tensor([[3.0, -3.0, -3.0]]), torch.tensor([[-3.0, 3.0, -3.0]])
    assert loss(batch, passage, first, nothing) < loss(batch, passage, second, nothing)
