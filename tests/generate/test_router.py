"""Choosing a tier by the question alone."""

from __future__ import annotations

import random

import msgspec
import pytest
from scripted import Said, Scripted, call

from sparing.generate.linear import Linear, shipped
from sparing.generate.question_form import NAMES
from sparing.generate.router import Routed, Router

BY_LENGTH = Linear(
    NAMES, (0.0,) * len(NAMES), (1.0,) * len(NAMES), (1.0, *(0.0,) * (len(NAMES) - 1)), 0.0, (0.0, 1.0), {}
)


def test_the_shipped_weights_are_of_these_features() -> None:
    """And say where they are from."""
    model = shipped("router")
    assert model.names == NAMES
    assert len(model.weights) == len(NAMES)
    assert list(model.quantiles) == sorted(model.quantiles)
    assert {"data", "command", "rows"} <= set(model.provenance)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_share_holds_over_any_traffic(share: float) -> None:
    """Questions that look like none of those that it was fitted on are still told apart."""
    rng = random.Random(0)
    router = Router(share)
    asked = ["why " + "so " * rng.randrange(200) for _ in range(1500)]
    hard = [router.is_hard(question) for question in asked][500:]
    assert abs(sum(hard) / len(hard) - share) < 0.08


@pytest.mark.parametrize(("share", "hard"), [(0.0, False), (1.0, True)])
def test_the_ends_of_the_share(share: float, hard: bool) -> None:
    """Nobody, everybody."""
    router = Router(share, BY_LENGTH)
    assert {router.is_hard("x" * length) for length in (1, 2, 3)} == {hard}


async def test_hard_questions_go_to_the_strong_one() -> None:
    """In the user's newest words, whatever stood before."""
    weak, strong = Scripted([Said()]), Scripted([Said()])
    routed = Routed(weak, strong, Router(0.5, msgspec.structs.replace(BY_LENGTH, quantiles=(2.0, 3.0))))
    for question in ("hi", "a much longer question " * 20):
        old = [{"role": "user", "content": "w" * 999}, {"role": "assistant", "content": "y" * 999}]
        body = msgspec.json.encode({"messages": [*old, {"role": "user", "content": question}]})
        await routed.send(call(body=body))
    assert (len(weak.calls), len(strong.calls)) == (1, 1)
    assert b"longer" in strong.calls[0].body
    await routed.aclose()
    assert (weak.closed, strong.closed) == (1, 1)
