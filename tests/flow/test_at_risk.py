"""Texts and requests under a risk, with the calibration that is shipped."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import sparing
from sparing.core.budget import Budget, Mode
from sparing.core.ladder import Elision, Rendition
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change, Floor
from sparing.errors import BudgetExceeded, RequestError, SettingsError
from sparing.guard.anomaly import signs_of
from sparing.guard.risk import Risk
from sparing.pipeline import reduce_body
from sparing.receive.openai_chat import OpenAIChat
from sparing.settings import PolicySettings
from sparing.testing import sample_texts

QUESTION = "Who repaired the lighthouse lamp?"
ANSWER = "The lighthouse lamp was repaired by Ingrid Solheim in the spring of that year."
WORDS = (
    "harbour council market timber road village school concert church river cellar tide quay boat winter letter bridge "
    "garden mayor baker teacher doctor festival train tower mill orchard library painter fisher captain lantern clock"
)


def sentence(rng: random.Random) -> str:
    return f"The {' and the '.join(rng.sample(WORDS.split(), 4))} were spoken of near the {rng.choice(WORDS.split())} that day."


def story(seed: int, paragraphs: int = 24) -> str:
    rng = random.Random(seed)
    return "\n\n".join(" ".join(sentence(rng) for _ in range(3)) for _ in range(paragraphs))


STORY = story(1)
DOCUMENT = f"{STORY}\n\n{ANSWER}\n\n{story(2)}"

CODE = next(iter(sample_texts()["code"]))


def reduced(text: str = DOCUMENT, **options: Any) -> sparing.Reduced:
    return sparing.reduce_text(text, **{"query": QUESTION, **options})


def send(messages: list[dict[str, Any]], budget: Budget | None = None, **policy: Any) -> Any:
    body = json.dumps({"model": "gpt-4o", "messages": messages}).encode()
    return reduce_body(body, OpenAIChat(), PolicySettings(**policy), budget or Budget(), Mode.ON)


def asked(text: str = DOCUMENT) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"{text}\n\n{QUESTION}"}]


def test_the_shortest_text_that_keeps_the_risk() -> None:
    """Less risk keeps more; each says what it expects to lose, and that is less than was asked for."""
    texts = [reduced(risk=risk) for risk in (0.02, 0.05, 0.1)]
    assert texts[0].tokens_after >= texts[1].tokens_after >= texts[2].tokens_after
    for text, risk in zip(texts, (0.02, 0.05, 0.1), strict=True):
        assert ANSWER in text.text
        assert text.kept < 0.5
        assert 0 < text.expected_loss <= risk
        assert text.floor is not None
        assert text.floor.num_calibrated > 200


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        (DOCUMENT, {"query": None}, "nobody asked anything"),
        (CODE, {"kind": "code"}, "is not calibrated for code"),
        (story(3, 600), {}, "unlike what prose.v1 was calibrated on"),
        (DOCUMENT, {"risk": 0.0001}, "too few to promise 0.01 %"),
        ("\n".join(f"Item {n * 7919}: {n * 104729} of {n * 15485863}." for n in range(200)), {}, "digits"),
    ],
)
def test_what_nobody_can_promise_is_sent_whole_and_says_why(text: str, options: dict[str, Any], why: str) -> None:
    """No question, no calibration, a strange text, or too few examples."""
    result = sparing.reduce_text(text, **{"query": QUESTION, "risk": 0.02, "kind": "prose", **options})
    assert result.text == text
    assert result.reason.startswith("risk: ")
    assert why in result.reason
    assert result.expected_loss == 0


def test_a_budget_above_the_risk_is_filled_and_one_below_is_refused() -> None:
    """The error says which budget would do, and that one does."""
    least = reduced(risk=0.02).tokens_after
    assert least < reduced(risk=0.02, budget=least + 200).tokens_after <= least + 200
    with pytest.raises(BudgetExceeded, match="that a risk of 2 % needs") as refused:
        reduced(risk=0.02, budget=least // 2)
    assert reduced(risk=0.02, budget=refused.value.needed_tokens).tokens_after <= refused.value.needed_tokens


ALIKE = "\n\n".join(
    f"Nobody repaired the lighthouse lamp near the {word} in those years." for word in WORDS.split()[:24]
)
HARD = f"{story(1, 12)}\n\n{ALIKE}\n\n{ANSWER}\n\n{story(2, 12)}"


def test_a_larger_tier_keeps_a_risk_within_a_budget_that_the_rules_cannot() -> None:
    """Where many sentences have the question's words; without leave to ask it, or with too little, it is refused."""
    pytest.importorskip("onnxruntime")
    by_rules, by_encoder = reduced(HARD, risk=0.05), reduced(HARD, risk=0.05, select="encoder")
    assert by_encoder.tokens_after < by_rules.tokens_after
    budget = (by_encoder.tokens_after + by_rules.tokens_after) // 2
    with pytest.raises(BudgetExceeded):
        reduced(HARD, risk=0.05, budget=budget)
    asked_larger = reduced(HARD, risk=0.05, budget=budget, larger_tier=True)
    assert asked_larger.tokens_after <= budget
    assert asked_larger.judged_by.startswith("encoder")
    assert 0 < asked_larger.expected_loss <= 0.05
    assert ANSWER in asked_larger.text
    with pytest.raises(BudgetExceeded) as refused:
        reduced(HARD, risk=0.05, budget=20, larger_tier=True)
    assert refused.value.needed_tokens == by_encoder.tokens_after
    with pytest.raises(BudgetExceeded):  # rules alone are rules alone
        reduced(HARD, risk=0.05, budget=budget, larger_tier=True, select="rules")


def test_a_request_asks_a_larger_tier_where_its_policy_has_it_so() -> None:
    """Of its newest turn; what earlier turns became stays."""
    pytest.importorskip("onnxruntime")
    messages = [*asked(), {"role": "assistant", "content": "Ingrid Solheim."}, *asked(HARD)]
    least = send(messages, risk=0.05)
    assert least.receipt.spans[-1].judged_by.startswith("rules")
    budget = Budget(input_tokens=least.receipt.tokens_after - 20)
    with pytest.raises(BudgetExceeded):
        send(messages, budget, risk=0.05, deadline_ms=60_000)
    sent = send(messages, budget, risk=0.05, risk_conflict="tier", deadline_ms=60_000)
    assert sent.receipt.tokens_after <= (budget.input_tokens or 0)
    assert sent.receipt.spans[-1].judged_by.startswith("encoder")
    assert sent.receipt.expected_loss <= 0.05
    assert json.loads(sent.body)["messages"][:2] == json.loads(least.body)["messages"][:2]


def test_a_question_in_another_language_loses_nothing() -> None:
    """What is lost then is not calibrated: the rules look for words that are not there."""
    result = reduced(query="Wer hat die Lampe des Leuchtturms repariert?", risk=0.05)
    assert (result.text, result.expected_loss) == (DOCUMENT, 0)
    assert "the question is in another language than the text (German)" in result.reason


@pytest.mark.parametrize("bad", [{"risk": 1.5}, {"risk": -0.1}, {"risk": 0.1, "confidence": 1.0}])
def test_what_is_no_share_is_refused(bad: dict[str, float]) -> None:
    """A risk of 1.5 and a confidence of 1 mean nothing."""
    with pytest.raises(RequestError):
        reduced(**bad)
    with pytest.raises(SettingsError):
        reduced(risk=0.1, calibration_file="/no/such.json")


def test_a_request_obeys_the_policys_risk_and_the_receipt_says_what_it_expects() -> None:
    """Without a risk the effort decides, and the receipt still says."""
    risky = send(asked(), risk=0.02).receipt
    assert (risky.risk, 0 < risky.expected_loss <= 0.02) == (0.02, True)
    assert risky.spans[0].expected_loss == pytest.approx(risky.expected_loss, abs=1e-6)
    plain = send(asked()).receipt
    assert (plain.risk, plain.expected_loss > 0) == (0.0, True)
    by_budget = send(asked(), Budget(risk=0.02)).receipt
    assert by_budget.tokens_after == risky.tokens_after


def test_a_budget_grows_where_the_policy_says_so() -> None:
    """Else it is refused, with the budget that would do."""
    budget = Budget(input_tokens=send(asked(), risk=0.02).receipt.tokens_after - 5)
    with pytest.raises(BudgetExceeded) as refused:
        send(asked(), budget, risk=0.02)
    grown = send(asked(), budget, risk=0.02, risk_conflict="grow").receipt
    assert grown.tokens_after == refused.value.needed_tokens == budget.input_tokens + grown.grown_tokens
    assert send(asked(), Budget(input_tokens=grown.tokens_after), risk=0.02).receipt.tokens_after <= grown.tokens_after


def test_a_type_that_is_not_trusted_loses_nothing(tmp_path: Path) -> None:
    """Nor does anything where the calibration cannot be used."""
    distrusted = send(asked(), risk=0.02, risk_distrust=("prose",)).receipt
    assert distrusted.tokens_after == distrusted.tokens_before
    assert "not trusted any more" in distrusted.reason
    broken = send(asked(), risk=0.02, calibration_file=str(tmp_path / "none.json")).receipt
    assert broken.tokens_after == broken.tokens_before
    assert "cannot be read" in broken.reason


def test_old_results_are_not_told_in_a_line_where_a_risk_is_asked_for() -> None:
    """Compaction loses what no calibration speaks of."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Find the order that was paid twice."}]
    for number in range(40):
        rows = json.dumps(
            [{"order": f"ORD-{number}-{n}", "paid": n % 3, "note": "as agreed by mail"} for n in range(60)]
        )
        function = {"name": "list_orders", "arguments": json.dumps({"page": number})}
        messages += [
            {"role": "assistant", "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": rows},
        ]
    assert send(messages, keep_turns=2).receipt.expected_loss == -1
    assert send(messages, keep_turns=2, risk=0.02).receipt.expected_loss == 0


def test_the_newest_turns_floors_are_given_to_whoever_watches() -> None:
    """With the signs of each text; nothing where no risk was asked for."""
    first = asked()
    later = [*first, {"role": "assistant", "content": "Ingrid Solheim."}, *asked(story(5, 40))]
    ((content, floor),) = send(later, risk=0.02).floors
    assert content == "prose"
    assert floor.signs.tokens > 400
    assert send(first).floors == ()


def test_the_guard_stops_what_is_worth_less_than_its_ladder_said() -> None:
    """Planned or not, a lossy text below the floor does not go out; a lossless one may."""
    signs = signs_of(DOCUMENT, [10, 100], [0.0, 1.0])
    span = Span("text", Kind.DOCUMENT, DOCUMENT, None)

    def objections(worth: float, above: float | None, scorer: str = "prose.v1") -> int:
        rendition = Rendition("…", 1, worth, "sentences", (Elision(0, 9, 1),), "prose.v1")
        floor = Floor(above, "", scorer, 100, signs)
        return len(Risk().judge([Change(span, "prose", rendition, 100, 1, floor=floor)], ()))

    assert [objections(0.8, 0.9), objections(0.95, None), objections(0.95, 0.9, "other.v1")] == [1, 1, 1]
    assert [objections(0.95, 0.9), objections(1.0, None)] == [0, 0]
