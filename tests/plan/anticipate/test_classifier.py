"""What a turn is taken for, from its words and its form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.plan.anticipate.classifier import Classifier, Weights, shipped
from sparing.plan.anticipate.marks import _CODE, _TRACE, Turn, marks_of
from sparing.plan.anticipate.nature import INTENTS, Nature

REPORT = "Revenue rose to $4.2 million in 2019, from $3.9 million in 2018, as demand grew in all regions. " * 12


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hello, how are you today?", "chat"),
        ("thank you so much for your help, bye", "chat"),
        ("who wrote the national anthem of france", "lookup"),
        ("What is the capital of Australia?", "lookup"),
        (f"{REPORT}\n\nWhat was the revenue in 2018?", "extract"),
        ("Extract all phone numbers from the text below as JSON.", "extract"),
        ("Summarize the meeting in three bullet points", "summarise"),
        ("Why does this raise KeyError?\n```python\ndef f(x):\n    return x['a']\n```", "code"),
        ("Write a Python function that returns the largest file in a folder", "code"),
        ("Tom has 12 apples and gives a third of them to Ann, who eats 2. How many apples does Ann have left?", "reason"),
        ("Find all zeros of x^3 + 2x + 2 in the field Z_7", "reason"),
        ("My card payment was declined, can you tell me why?", "support"),
        ("I want to book a table for two at 7 pm", "support"),
    ],
)  # fmt: skip
def test_requests_are_told_apart(text: str, intent: str) -> None:
    """In words that no data set has."""
    nature = shipped().nature(Turn(text, size=len(text)))
    assert nature.intent == intent
    assert nature.chance > 1 / len(INTENTS)


def test_what_is_harder_is_taken_for_harder() -> None:
    """Of talk, a lookup and a problem of several steps."""
    easy, middle, hard = (
        shipped().nature(Turn(text, size=len(text))).complexity
        for text in (
            "thanks, bye",
            "What is the capital of Australia?",
            "A train of 120 m passes a bridge of 380 m in 25 seconds. Another train of half its length goes 20 % faster "
            "the other way. How long do they take to pass each other, and how far is it from the bridge by then?",
        )
    )
    assert easy < middle < hard


def test_a_short_turn_is_read_with_the_one_before_it() -> None:
    """By itself it says nothing."""
    alone, after = Turn("and in 2017?", size=12), Turn("and in 2017?", "which team won the world series in 2016", 12, 3)
    assert set(marks_of(after)) - set(marks_of(alone)) >= {"before won", "before world"}
    assert not any(
        mark.startswith("before") for mark in marks_of(Turn("and what about the year after that one?", "won"))
    )


WEIGHTS = Weights(
    {"a": (2047, *[-2047] * 7), "b": (-2047, 2047, *[0] * 6), "<long 1>": tuple([0] * 8)},
    tuple([0.0] * 7 + [-1.0]),
    2047.0,
    (-2.0, -1.0, 0.0, 2.0),
    {},
)


@given(st.lists(st.sampled_from("abz"), max_size=60))
def test_one_large_sum_is_many_small_ones(words: list[str]) -> None:
    """Lanes never run into each other, whatever the weights' signs."""
    text = " ".join(words)
    nature = Classifier(WEIGHTS).nature(Turn(text, size=0))
    marks = marks_of(Turn(text, size=0))
    sums = [sum(WEIGHTS.marks[mark][k] / 2047 for mark in marks if mark in WEIGHTS.marks) for k in range(7)]
    assert INTENTS.index(nature.intent) == max(range(7), key=lambda k: (sums[k], -k))
    assert 0 <= nature.complexity <= 1


@given(st.text(max_size=400), st.text(max_size=40), st.integers(0, 10**7))
def test_any_text_is_taken_for_something(words: str, earlier: str, size: int) -> None:
    """Never an error, and always the same."""
    turn = Turn(words, earlier, size)
    nature = shipped().nature(turn)
    assert nature == shipped().nature(turn)
    assert 0 < nature.chance <= 1
    assert 0 <= nature.complexity <= 1


def test_a_turn_costs_tens_of_microseconds() -> None:
    """Of CPU, however long it is; ten times that allowed for a busy machine."""
    turn, classifier = Turn("x = foo(bar) and then? " * 100_000, size=2_000_000), shipped()
    classifier.nature(turn)
    best = 1e9
    for _ in range(20):
        started = time.thread_time()
        classifier.nature(turn)
        best = min(best, time.thread_time() - started)
    assert best < 0.001


def test_nothing_known_is_nothing() -> None:
    """The empty nature stands for requests that nobody looked at."""
    assert Nature().chance == 0.0


@given(
    st.lists(
        st.sampled_from(
            (
                *("def f(", "class", "imports;", "=>", ");", "</a>", "```", "at x.y(", "\n", " ", "\t", "that (", ":"),
                *("WARN", "ERROR", "aError", "KeyError", "MyException", "Traceback", 'File "a", line', "SELECT a;"),
            )
        ),
        max_size=8,
    ).map("".join)
)
def test_looking_for_little_first_finds_the_same_marks(text: str) -> None:
    """Code and traces are marked wherever their patterns are in the text, whatever is asked before that."""
    marks = marks_of(Turn(text, size=len(text)))
    assert ("<code>" in marks) == bool(_CODE.search(text))
    assert ("<trace>" in marks) == bool(_TRACE.search(text))


def test_a_turn_that_was_seen_is_not_read_again() -> None:
    """Of a conversation that goes on around the same words; what matters of the turn is what was looked at."""
    told, words = Classifier(Weights({}, (0.0,) * (len(INTENTS) + 1), 1.0, (0.0, 1.0), {})), "why " * 200
    first = told.nature(Turn(words, "never looked at", 5_000, 9))
    assert told.nature(Turn(words, "never looked at", 6_000, 10)) is first
