"""What can be told of an answer."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.generate.agree import agree
from sparing.generate.asked import Asked
from sparing.generate.draft import Draft
from sparing.generate.signals import NAMES, signals_of, veto

TEXT = "The bridge was built in 1932 by Dorman Long.\n\nWho built the bridge?"
ASKED = Asked("Who built the bridge?", TEXT)
SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "kind": {"enum": ["a", "b"]}, "ids": {"type": "array", "items": {"type": "integer"}}},
}  # fmt: skip
JSON = Asked("Q", "Q", wants_json=True, schema=SCHEMA)


def of(text: str, **draft: object) -> dict[str, float]:
    return dict(zip(NAMES, signals_of(ASKED, Draft(text, **draft)), strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "ended", "why"),
    [
        ("", "stop", "empty"),
        ("Dorman", "length", "ended with length"),
        ("", "calls", "empty"),
        ("I'm sorry, I cannot tell.", "stop", "refused"),
        ("The text does not mention it.", "stop", "refused"),
        ("It was built in 1847.", "stop", "numbers from nowhere"),
        ("Dorman Long, in 1932.", "stop", ""),
        ("Dorman Long", "", ""),
    ],
)
def test_what_settles_it(text: str, ended: str, why: str) -> None:
    """No answer, half an answer, a refusal, a number that nobody gave."""
    assert veto(ASKED, Draft(text, ended)) == why


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"name":"x","kind":"a","ids":[1]}', True),
        ('```json\n{"name":"x"}\n```', True),
        ('{"kind":"a"}', False),
        ('{"name":3}', False),
        ('{"name":"x","kind":"c"}', False),
        ('{"name":"x","ids":[true]}', False),
        ('{"name":"x","ids":["1"]}', False),
        ('{"name":"x"', False),
        ("[]", False),
        ("name: x", False),
    ],
)
def test_the_json_that_was_asked_for(text: str, fits: bool) -> None:
    """Types, required members, choices and items."""
    assert (veto(JSON, Draft(text, "stop")) == "") is fits


def test_signals() -> None:
    """Each sees what it is named for."""
    good, bad = of("Dorman Long"), of("It was Smith Bros, Smith Bros, Smith Bros in 1999")
    assert (good["words of the request"], good["verbatim"], good["numbers from nowhere"]) == (1, 1, 0)
    assert (bad["numbers from nowhere"], bad["names from nowhere"]) == (1, 1)
    assert bad["repetition"] > good["repetition"] == 0
    assert of("the bridge")["words of the question"] == 1
    sure = of("x", logprobs=[-0.1, -0.2])
    assert sure["mean chance of tokens"] > 0.8 > 0.5 == good["mean chance of tokens"]


@given(st.text(max_size=80), st.text(max_size=80), st.lists(st.floats(-50, 0), max_size=5))
def test_any_answer_has_signals(text: str, question: str, logprobs: list[float]) -> None:
    """A finite number each."""
    values = signals_of(Asked(question, question), Draft(text, "stop", logprobs))
    assert len(values) == len(NAMES)
    assert all(map(isfinite, values))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Dorman Long", "It was Dorman Long.", True),
        ("42", "The answer is 42.", True),
        ("42", "43", False),
        ("Yes, it is allowed.", "No, it is not allowed.", False),
        ("Paris", "London", False),
        ("B", "B. Neon", True),
        ("", "x", False),
        ("!", "!", True),
        ("The cause was a full disk on the database host, which stopped all of the writes to it.",
         "A full disk on the database host was the cause; it stopped all writes.", True),
        ("The cause was a full disk on the database host, which stopped all of the writes to it.",
         "Somebody had changed the password of the service account, so that logins failed everywhere.", False),
    ],
)  # fmt: skip
def test_two_answers_that_say_the_same(one: str, other: str, same: bool) -> None:
    """And two that do not; either way round."""
    assert agree(one, other) is agree(other, one) is same
