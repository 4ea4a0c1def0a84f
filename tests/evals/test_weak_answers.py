"""Whether the cascade's judge can tell right answers from wrong ones: the measuring itself."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.evals.routing import weak_answers
from sparing.evals.routing.weak_answers import Asked, WeakAnswer, answers
from sparing.evals.task import Draw
from sparing.evals.tasks import cascade
from sparing.evals.tasks.cascade import auroc
from sparing.evals.tasks.stopping import _is_loss
from sparing.testing.models import FakeModel


def asked(number: int) -> Asked:
    return Asked(
        "xquad", f"article {number % 10}", f"Ada {number} was born in Rome.\n\nWho was born?", (f"Ada {number}",)
    )


def made(number: int, right: bool) -> WeakAnswer:
    text = f"Ada {number}" if right else "Nobody at all in Paris"
    chance = -0.1 if right else -2.0
    return WeakAnswer(asked(number), text, "stop", (chance, chance), (text,) * 3)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    """As counted pair by pair."""
    chances, rights = [chance for chance, _ in rows], [right for _, right in rows]
    pairs = [(a, b) for a, ra in rows if ra for b, rb in rows if not rb]
    counted = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs) if pairs else 0.5
    assert auroc(chances, rights) == pytest.approx(counted)


def test_a_judge_is_measured_on_articles_that_it_has_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chances that tell are found; all wrong ones first is the best that can be had."""
    rng = random.Random(0)
    said = [made(number, rng.random() < 0.5) for number in range(80)]
    monkeypatch.setattr(cascade, "questions", lambda draw, data: [one.asked for one in said])
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, said)) + b"\n")
    report = cascade.measure(Draw(tmp_path, 80, option=str(file)), ("all", "mean chance of tokens"))
    points = report.data["points"]
    assert [point["auroc"] for point in points] == [1.0] * 4
    assert all(point["n"] == 80 for point in points)
    wrong = sum(not one.right for one in said) / len(said)
    assert all(point["apgr"] == pytest.approx(1 - wrong / 2, abs=0.01) for point in points)


def test_answers_that_are_all_wrong_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is said."""
    said = [made(number, False) for number in range(9)]
    monkeypatch.setattr(cascade, "questions", lambda draw, data: [one.asked for one in said])
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, said)))
    with pytest.raises(SettingsError):
        cascade.measure(Draw(tmp_path, 9, option=str(file)), ())


def test_what_was_answered_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was broken off goes on where it was."""
    model = FakeModel("That was Ada 1")
    monkeypatch.setattr(weak_answers, "LocalUpstream", lambda *_: model)
    file = tmp_path / "answers.jsonl"

    async def all_of(some: list[Asked]) -> list[WeakAnswer]:
        return [one async for one in answers(some, file)]

    first = asyncio.run(all_of([asked(1)]))
    again = asyncio.run(all_of([asked(1), asked(2)]))
    assert again[0] == first[0]
    assert [one.text for one in again] == ["That was Ada 1"] * 2
    assert len(model.calls) == 2 * (1 + weak_answers.NUM_SAMPLES)


@pytest.mark.parametrize(
    ("left_out", "loss"),
    [
        ("\n\nLet me know if you have any questions!", False),
        ("\n\nLet me know if you need any of these:\n\n- the tower", True),
        ("\n\nLet me know if you have any of the 222 bricks", True),
        ("", False),
    ],
)
def test_what_counts_as_a_loss(left_out: str, loss: bool) -> None:
    """Another paragraph, or a number."""
    assert _is_loss(left_out) is loss
