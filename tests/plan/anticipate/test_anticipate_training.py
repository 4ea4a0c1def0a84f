"""The fit finds what tells turns apart, and gives the same weights for the same turns."""

from __future__ import annotations

from sparing.plan.anticipate.classifier import Classifier
from sparing.plan.anticipate.marks import Turn
from sparing.plan.anticipate.training.code import code_turns
from sparing.plan.anticipate.training.examples import Example, is_held_out
from sparing.plan.anticipate.training.fit import fit

TURNS = [
    Example(Turn(f"{word} number {n} please", size=20), intent, "made", False, hardness)
    for intent, word, hardness in (("chat", "hello", 0.0), ("code", "compile", 1.0), ("reason", "prove", 1.0))
    for n in range(40)
]


def test_a_fit_tells_what_it_was_shown() -> None:
    """The word that matters decides; what all turns have does not."""
    model = Classifier(fit(TURNS, kept=20))
    assert [model.nature(Turn(f"{word} number 99", size=20)).intent for word in ("hello", "compile", "prove")] == [
        "chat",
        "code",
        "reason",
    ]
    assert model.nature(Turn("hello there")).complexity < model.nature(Turn("prove it")).complexity


def test_the_same_turns_give_the_same_weights() -> None:
    """Seeds are fixed."""
    assert fit(TURNS, kept=20) == fit(TURNS, kept=20)


def test_a_group_is_held_out_whole() -> None:
    """About a fifth of them."""
    held = [is_held_out("sgd", str(n)) for n in range(1000)]
    assert held == [is_held_out("sgd", str(n)) for n in range(1000)]
    assert 150 < sum(held) < 260


def test_wishes_for_code_are_made_of_real_functions() -> None:
    """The same for the same Python."""
    some = list(code_turns())
    assert len(some) > 500
    assert some == list(code_turns())
    assert any("```" in text for _, text in some)
