"""A risk through the gateway: what is expected to be lost, budgets that give way, and texts that drift."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from raw_client import CHAT, chat, request
from running_gateway import RunningGateway
from scripted_upstream import ScriptedUpstream

Start = Callable[..., RunningGateway]
QUESTION = "Who repaired the lighthouse lamp?"
ANSWER = "The lighthouse lamp was repaired by Ingrid Solheim that spring."
WORDS = (
    "harbour council market timber road village school concert church river cellar tide quay boat winter bridge garden"
)


def story(seed: int, *, alike: bool = False) -> str:
    """A text in which one sentence answers; or one in which all sentences have the question's words."""
    rng = random.Random(seed)
    told = [f"The {' and the '.join(rng.sample(WORDS.split(), 5))} were spoken of on day {n}." for n in range(60)]
    if alike:
        told = [
            f"The lighthouse lamp was repaired, and the {rng.choice(WORDS.split())} too, in week {n}."
            for n in range(60)
        ]
    told.insert(rng.randrange(60), ANSWER)
    return " ".join(told)


def asked(seed: int, *, alike: bool = False) -> str:
    return f"{story(seed, alike=alike)}\n\n{QUESTION}"


def test_the_answer_says_what_is_expected_to_be_lost(start: Start, upstream: ScriptedUpstream) -> None:
    """With the header; without one nothing is said, since nothing was asked."""
    gateway = start(policy={"deadline_ms": 60_000})
    answer = request(gateway.url, CHAT, chat(asked(1)), {"x-sparing-risk": "0.05"})
    assert 0 < float(answer.header("x-sparing-expected-loss") or "") <= 0.05
    assert ANSWER.encode() in upstream.seen[0].body
    assert int(answer.header("x-sparing-tokens-after") or 0) < int(answer.header("x-sparing-tokens-before") or 0) / 2
    assert request(gateway.url, CHAT, chat(asked(1))).header("x-sparing-expected-loss") is None


def test_a_budget_below_the_risk_is_refused_or_grows(start: Start) -> None:
    """As the policy has it."""
    wishes = {"x-sparing-risk": "0.02", "x-sparing-budget": "20"}
    refused = request(start(policy={"deadline_ms": 60_000}).url, CHAT, chat(asked(1)), wishes)
    assert refused.status == 400
    assert b"that a risk of 2 % needs" in refused.body
    grown = request(start(policy={"risk_conflict": "grow", "deadline_ms": 60_000}).url, CHAT, chat(asked(1)), wishes)
    assert grown.status == 200
    assert int(grown.header("x-sparing-budget-grown") or 0) == int(grown.header("x-sparing-tokens-after") or 0) - 20


@pytest.mark.parametrize("risk", ["2", "-0.1", "nan", "few"])
def test_what_is_no_share_is_refused(start: Start, risk: str) -> None:
    """In the words of the caller."""
    refused = request(start().url, CHAT, chat(), {"x-sparing-risk": risk})
    assert refused.status == 400
    assert b"a share between 0 and 1" in refused.body


@pytest.mark.parametrize("then", ["distrust", "alarm"])
def test_drift_is_said_and_texts_are_sent_whole_from_then_on(start: Start, then: str) -> None:
    """Within two hundred requests that look like nothing calibrated; the policy can have it said only."""
    gateway = start(policy={"risk": 0.05, "risk_drift": then, "deadline_ms": 60_000})
    answers = []
    for seed in range(200):
        answers.append(request(gateway.url, CHAT, chat(asked(seed, alike=True))))
        if answers[-1].header("x-sparing-drifted"):
            break
    assert answers[-1].header("x-sparing-drifted") == "prose"
    assert answers[0].header("x-sparing-drifted") is None
    after = request(gateway.url, CHAT, chat(asked(1)))
    whole = after.header("x-sparing-tokens-after") == after.header("x-sparing-tokens-before")
    assert whole == (then == "distrust")
    if whole:
        assert "the calibration for prose is not trusted any more" in (after.header("x-sparing-reason") or "")
    metrics = request(gateway.url, "/metrics", method="GET").body.decode()
    assert 'sparing_drift_alarms_total{content="prose"} 1.0' in metrics
    assert 'sparing_drift_stability{content="prose"}' in metrics
