"""An answer that is too long: tightened, ended or left, and it says which."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sparing
from sparing.errors import RequestError
from sparing.finish.tighten import atighten, tighten
from sparing.testing.sample_answer import answer
from sparing.tokens.models import counter_for

ANSWER = answer()
QUESTION = "Can I return a hat that was on sale?"
TALK = "".join(f"And then there is the matter of item {number}, which is of another kind. " for number in range(40))


def test_it_keeps_what_was_asked_for() -> None:
    """Within the ceiling: the answer, its exception, its conclusion, the code; not the talk around it."""
    result = tighten(ANSWER, question=QUESTION, most_tokens=260)
    assert (result.how, result.reason) == ("tightened", "")
    assert result.tokens_after == counter_for("gpt-4o").count(result.text) <= 260 < result.tokens_before
    for kept in (
        "Yes, a hat can be returned within 30 days",
        "what was on sale is not taken back",
        "In short: 30 days",
    ):
        assert kept in result.text
    assert 'label = shop.returns.create(order="K12345678", reason="too small")\n\nprint(label.url)' in result.text
    assert result.kept == result.tokens_after / result.tokens_before
    for elision in result.elided:
        assert ANSWER[elision.start : elision.end].strip()


def test_a_short_answer_stays_as_it_is() -> None:
    """Nothing to do."""
    result = tighten("Paris.", question="Where?", most_tokens=10)
    assert (result.text, result.how, result.elided, result.kept) == ("Paris.", "whole", (), 1.0)


@pytest.mark.parametrize(
    "text",
    [json.dumps({"answer": TALK}), f"[{json.dumps(TALK)}]", f"<answer>{TALK}</answer>", "```\n" + TALK + "\n```"],
)
def test_what_is_no_prose_is_left(text: str) -> None:
    """JSON, markup and code come as they are, with the reason."""
    result = tighten(text, most_tokens=20)
    assert (result.text, result.how) == (text, "left")
    assert result.reason


def test_it_gets_as_short_as_what_matters_lets_it() -> None:
    """A ceiling below that: what may not go, and how much it is."""
    result = tighten(f"Two things matter. **12 EUR** is the fee. {TALK}", most_tokens=8)
    assert result.how == "tightened"
    assert result.text.strip() == "Two things matter. **12 EUR** is the fee."
    assert result.reason == f"what may not go has {result.tokens_after} tokens"


def test_without_time_it_ends_where_it_can() -> None:
    """The beginning of the answer, and why."""
    text = f"Two things matter. {TALK}"
    result = tighten(text, most_tokens=40, deadline_s=0.0)
    assert result.how == "stopped"
    assert text.startswith(result.text)
    assert result.text.endswith("kind.")
    assert result.reason.startswith("deadline")


def test_it_is_left_if_its_conclusion_would_go() -> None:
    """Where it can only be ended, and the end is its point."""
    text = f"We count it. {TALK}\n\nTherefore, the answer is 7."
    result = tighten(text, most_tokens=60, deadline_s=0.0)
    assert (result.text, result.how) == (text, "left")
    assert "its conclusion would go" in result.reason
    assert tighten(text, most_tokens=60).text.endswith("Therefore, the answer is 7.")


def test_what_was_sent_stays_at_the_front() -> None:
    """A stream that has begun is gone on with, whatever the rest is worth."""
    sent = ANSWER[: ANSWER.index("Thank you")]
    result = tighten(ANSWER, question="What does a label cost?", most_tokens=260, sent=sent)
    assert result.text.startswith(sent.rstrip())


@given(
    st.lists(st.sampled_from([ANSWER, TALK, "- item\n", "# H\n\n", "日本語。", "`x. y`. ", "1. a\n", "|a|\n"])),
    st.integers(1, 300),
)
@settings(max_examples=40, deadline=None)
def test_never_longer_and_never_altered(parts: list[str], most_tokens: int) -> None:
    """Whatever the answer: no more tokens than before; every word is one of its own, in order."""
    text = "\n\n".join(parts)
    result = tighten(text, most_tokens=most_tokens, question=QUESTION, select="rules")
    assert result.tokens_after <= result.tokens_before
    assert result.how != "tightened" or result.tokens_after <= most_tokens or result.reason
    words = iter(text.split())
    assert all(word in words for word in result.text.split() if word not in ("…", "-", "|"))


@pytest.mark.parametrize("most_tokens", [0, -1, True, 2.5, "9"])
def test_a_ceiling_is_a_number_of_tokens(most_tokens: object) -> None:
    """Anything else is refused in words."""
    with pytest.raises(RequestError, match="most_tokens"):
        tighten("One.", most_tokens=most_tokens)  # type: ignore[arg-type]


async def test_the_async_twin() -> None:
    """The same in a thread, by its public name."""
    assert sparing.tighten is tighten
    assert await sparing.atighten(ANSWER, most_tokens=260) == await atighten(ANSWER, most_tokens=260)
