"""Rungs are settled within the budget, with the guards, or the original goes out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing import settle as module
from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change, Objection
from sparing.offer import Offer
from sparing.reducers.bare import Bare
from sparing.settle import settle
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
LINES = "".join(f"line {n}: the quick brown fox number {n * 37} jumps over the lazy dog\n" for n in range(60))


def make_offer(text: str, question: str = "", pins: tuple[str, ...] = ()) -> Offer:
    ask = Ask(COUNTER, Question(question) if question else None, pins)
    ladder = Bare().propose(text, ask)
    return Offer(Span("t", Kind.DOCUMENT, text, None), Content.PROSE, ask, COUNTER.count(text), ladder)


@pytest.fixture
def _bare_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def propose(text: str, content: Content, ask: Ask) -> Ladder | Skip:
        return Bare().propose(text, ask)

    monkeypatch.setattr(module, "propose", propose)


@given(st.integers(40, 1300))
@settings(max_examples=60, deadline=None)
def test_never_over_and_well_used(budget: int) -> None:
    """The exact count never exceeds the budget and at least 97 % of what can be used is used (one line is 18 tokens)."""
    offers = [make_offer(LINES, "number 740"), make_offer(LINES.replace("fox", "cat"))]
    settled = settle(offers, budget)
    assert settled.fits
    assert settled.tokens == sum(COUNTER.count(c.rendition.text) for c in settled.changes) <= budget
    total = sum(o.tokens for o in offers)
    assert settled.tokens >= min(0.97 * budget, total) - 2 * 24


def test_everything_fits() -> None:
    """With room for all of it the text is its own rendition."""
    settled = settle([make_offer(LINES)], 10_000)
    assert settled.changes[0].rendition.text == LINES


def test_too_small_a_budget_is_said() -> None:
    """When even the shortest rendition is too long, that is what comes back, and `fits` says so."""
    settled = settle([make_offer(LINES)], 1)
    assert not settled.fits
    assert settled.tokens < 40


@pytest.mark.usefixtures("_bare_again")
def test_objection_is_met_by_asking_again() -> None:
    """What the question names stays although its line was not among the chosen."""
    settled = settle([make_offer(LINES, 'fox "line 59: the quick"')], 120)
    assert "line 59: the quick" in settled.changes[0].rendition.text
    assert settled.tokens <= 120


@pytest.mark.usefixtures("_bare_again")
def test_unhappy_guard_gets_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that refuses every change sends the original, and the reason is kept."""

    def never(changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        return [Objection(c, "no", "I never agree") for c in changes if c.rendition.text != c.span.text]

    monkeypatch.setattr(module, "judge", never)
    settled = settle([make_offer(LINES)], 100)
    assert settled.changes[0].rendition.text == LINES
    assert settled.reasons == ("no: I never agree",)
    assert not settled.fits


def test_skip_is_passed_on() -> None:
    """A span without a ladder goes as it is, with the reducer's reason."""
    skipped = Offer(Span("t", Kind.DOCUMENT, LINES, None), Content.PROSE, Ask(COUNTER), 999, Skip("not today"))
    settled = settle([skipped], 10)
    assert settled.changes[0].rendition.text == LINES
    assert settled.reasons == ("not today",)
    assert not settled.fits
    assert settle([skipped], 60, must_fit=True).tokens <= 60


def test_lossless_only() -> None:
    """With `lossless` nothing is left out whatever the budget."""
    settled = settle([make_offer(LINES)], 50, lossless=True)
    assert settled.changes[0].rendition.text == LINES


@pytest.mark.parametrize(
    "text", ["Yes, of course it was.", LINES, "one line without an end " * 40, '{"a": [1, 2, 3], "b": "x"}']
)
def test_nothing_pinned_fits_any_budget(text: str) -> None:
    """When nothing is pinned a text can always give way, at last to the mark alone."""
    settled = settle([make_offer(text, "What of line 7: the quick?")], 2, must_fit=True)
    assert settled.fits
    assert settled.tokens <= 2
    assert "budget is below" in settled.reasons[0]


def test_pins_do_not_give_way() -> None:
    """What the caller pins stays although the budget cannot hold it."""
    settled = settle([make_offer(LINES, pins=("line 7:",))], 2, ("line 7:",), must_fit=True)
    assert not settled.fits
    assert "line 7:" in settled.changes[0].rendition.text
