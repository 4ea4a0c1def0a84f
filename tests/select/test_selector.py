"""Which tier judges, what it says, and that nothing but the arguments decides."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.selector import Judged
from sparing.errors import NeedsThread
from sparing.reducers.evidence import evidence
from sparing.reducers.passages import lay_out
from sparing.select import costs
from sparing.select.choose import identity, selector_for
from sparing.select.installed import Installed
from sparing.select.memo import READINGS, Reading
from sparing.testing.tiny_models import write_models

_TEXT = """The cat sat on a mat. The dog ran in the park. It was where some people visit a cat and a dog each year.

The river flows past the old mill. The king built a tower of stone. It was for some people of the old park and each bridge.

A green apple pie recipe needs sugar and milk. Many people visit the town each year for its museum.
"""
_QUESTION = "Who was it that built the tower of stone in the town?"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(write_models(tmp_path_factory.mktemp("models")))


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    READINGS.clear()


def judge(here: Installed, text: str = _TEXT, question: str = _QUESTION, **how: object) -> Judged:
    layout = lay_out(text, Deadline())
    rules = evidence(text, layout, question, Deadline())
    deadline = how.pop("deadline", Deadline())
    selector = selector_for(how.pop("select", "auto"), how.pop("deadline_ms", 500.0), here=here, **how)  # type: ignore[arg-type]
    return selector.judge(text, layout, question, rules, deadline)  # type: ignore[arg-type]


def test_the_encoder_reads_what_there_is_time_for(here: Installed) -> None:
    """All of a short text; the sentence with the question's words comes out on top."""
    judged = judge(here)
    assert judged.by.startswith("encoder (read 3 of 3")
    assert judged.sharpness == 2.5
    assert all(0 < score <= 1 for score in judged.scores)
    best = max(range(len(judged.scores)), key=judged.scores.__getitem__)
    assert "tower" in _unit(best)


def test_the_policy_names_the_tier(here: Installed) -> None:
    """Rules are left as they are; static embeddings give chances."""
    assert judge(here, select="rules") == Judged(_rules(), "rules (the policy)")
    static = judge(here, select="static")
    assert static.by == "static (the policy)"
    assert static.scores != judge(here).scores


@pytest.mark.parametrize(("deadline_ms", "by"), [(0.0, "rules"), (2.0, "static"), (30.0, "encoder (read 1 of 3")])
def test_constants_and_the_deadline_of_the_policy_choose(here: Installed, deadline_ms: float, by: str) -> None:
    """Less time allowed, cheaper tiers, whatever the clock says."""
    assert judge(here, deadline_ms=deadline_ms).by.startswith(by)


def test_a_share_of_the_time(here: Installed) -> None:
    """A text that shares the deadline with others gets less."""
    assert judge(here, deadline_ms=30.0, share=0.2).by.startswith("static")


@pytest.mark.parametrize(
    ("text", "question", "says"),
    [
        ("Der Hund lief durch den Park und bellte. " * 5, _QUESTION, "language of the text"),
        (_TEXT, "Wer baute eigentlich diesen hohen Turm aus Stein hier?", "language of the question"),
        (_TEXT, "\x00", "no words"),
        ("Собака бежала по парку. Кошка сидела. " * 5, _QUESTION, "language of the text"),
    ],
)
def test_what_the_vocabulary_does_not_know(here: Installed, text: str, question: str, says: str) -> None:
    """Rules decide, and it is said why."""
    judged = judge(here, text, question)
    assert says in judged.by
    assert judged.sharpness is None


def test_without_a_tier_the_next_best(tmp_path: Path) -> None:
    """Either of the two models does without the other."""
    assert judge(Installed(write_models(tmp_path / "a", "static"))).by == "static (not shipped)"
    assert judge(Installed(write_models(tmp_path / "b", "encoder"))).by.startswith("encoder")


def test_transcripts_are_left_to_the_rules(here: Installed) -> None:
    """Their windows of turns find the stretch that a question about a meeting is after."""
    talk = "".join(f"{'AB'[n % 2]}nn: the king built a tower of stone in year {n}.\n" for n in range(12))
    judged = judge(here, talk)
    assert judged.by == "rules (they judge transcripts better)"
    assert judged.sharpness is None


def test_time_that_is_up_is_said(here: Installed) -> None:
    """The rules decide, and the answer begins with "deadline" so that nobody remembers it."""
    here.load("static", "encoder")
    judged = judge(here, deadline=Deadline(at_s=0.0))
    assert judged.by.startswith("deadline")
    assert judged.scores == _rules()


def test_an_event_loop_is_not_held_up(tmp_path: Path) -> None:
    """Neither for loading nor for reading; what was read before may be used."""
    here = Installed(write_models(tmp_path))
    on_loop = Deadline(on_loop=True)
    with pytest.raises(NeedsThread):
        judge(here, deadline=on_loop)
    here.load("static", "encoder")
    with pytest.raises(NeedsThread):
        judge(here, deadline=on_loop)
    assert judge(here, select="static", deadline=on_loop).by.startswith("static")
    assert judge(here) == judge(here, deadline=on_loop)


@given(st.text(max_size=400), st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_judged(here: Installed, text: str, question: str) -> None:
    """One score per unit, never negative, equal when asked again."""
    layout = lay_out(text, Deadline())
    rules = [0.5] * layout.num_units
    if not rules:
        return
    selector = selector_for("auto", 500, here=here)
    judged = selector.judge(text, layout, question, rules, Deadline())
    assert len(judged.scores) == layout.num_units
    assert all(score >= 0 for score in judged.scores)
    assert selector.judge(text, layout, question, rules, Deadline()) == judged


def test_identity_tells_replicas_apart(here: Installed, tmp_path: Path) -> None:
    """Other models, or none, judge otherwise."""
    assert here.identity.startswith("static+encoder ")
    assert Installed(write_models(tmp_path, "static")).identity != here.identity
    assert identity("rules") == "rules"


def _rules() -> list[float]:
    layout = lay_out(_TEXT, Deadline())
    return evidence(_TEXT, layout, _QUESTION, Deadline())


def _unit(number: int) -> str:
    bounds = lay_out(_TEXT, Deadline()).bounds
    return _TEXT[bounds[number] : bounds[number + 1]]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (_TEXT, "who built the tower " * 50_000),
        (_TEXT, "x" * 1_000_000),
        ("tower of stone " * 7_000, _QUESTION),
        ("x" * 100_000, _QUESTION),
        ("? ! . " * 20_000, _QUESTION),
        ("".join(map(chr, range(1, 256))) * 400, _QUESTION),
        (_TEXT * 1_000, _QUESTION),
        (f"A tower, ({' ' * 100_000}of stone), was built. " * 2, _QUESTION),
    ],
    ids=[
        "long question",
        "one long word asked",
        "no sentence",
        "no word",
        "only stops",
        "binary",
        "repetition",
        "blanks",
    ],
)
def test_hostile_input_costs_what_the_constants_say(here: Installed, text: str, question: str) -> None:
    """However odd, no more is read than the policy's deadline has time for."""
    read: list[int] = []
    encoder = here.encoder

    class Counting:
        def read(self, question: Sequence[int], units: Sequence[Sequence[int]]) -> Reading:
            read.append(len(question) + sum(map(len, units)))
            return encoder.read(question, units)

    counting = copy(here)
    counting.__dict__["encoder"] = Counting()
    judged = judge(counting, text, question)
    assert sum(read) <= costs.most_pieces(costs.allowed_ms(500, 1.0))
    assert all(score >= 0 for score in judged.scores)
