"""A budget is kept, and used."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.core.ladder import Rendition
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.fit import fit
from sparing.offer import Offer
from sparing.tokens.estimate import CharCounter

COUNTER = CharCounter()


@dataclass(frozen=True)
class Wrong:
    """A ladder of one token a rung that estimates its tokens wrong by up to `error`."""

    size: int
    error: int
    reducer: str = "wrong.v1"

    @property
    def tokens(self) -> list[int]:
        return [max(0, rung + self.error) for rung in range(self.size + 1)]

    @property
    def worth(self) -> list[float]:
        return [rung / self.size for rung in range(self.size + 1)]

    def render(self, rung: int) -> Rendition:
        return Rendition("word" * rung, self.tokens[rung], self.worth[rung], "words", (), self.reducer)


def fitted(ladders: list[Wrong], budget: int) -> tuple[int, bool]:
    """The tokens of what `fit` chooses, and whether it says that they fit."""
    offers = []
    for ladder in ladders:
        text = "word" * ladder.size
        offers.append(Offer(Span("", Kind.DOCUMENT, text, None), Content.PROSE, Ask(COUNTER), ladder.size, ladder))
    changes, fits = fit(offers, ladders, budget)
    return sum(change.tokens_after for change in changes), fits


@given(st.integers(100, 400), st.integers(-3, 3), st.floats(0.1, 1.0))
def test_nearly_all_of_a_budget_is_used(size: int, error: int, share: float) -> None:
    """However wrong the estimates are within a few tokens, no less than 97 % and never more than the budget."""
    budget = int(share * size)
    spent, fits = fitted([Wrong(size, error)], budget)
    assert fits
    assert 0.97 * budget - 1 <= spent <= budget


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(-9, 9)), min_size=1, max_size=4), st.integers(0, 200))
def test_a_budget_is_never_exceeded(ladders: list[tuple[int, int]], budget: int) -> None:
    """What is said to fit does."""
    spent, fits = fitted([Wrong(size, error) for size, error in ladders], budget)
    assert spent <= budget or not fits
