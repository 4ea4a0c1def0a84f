"""When an answer already answers."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.finish.complete import Form, Stopping, form_of, watchers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
CONTAINERS = st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=6), JSON, max_size=4)
EAGER = "eager"
PROSE = "The tower is 84 m high. It was built in 1932."


def end_of(text: str, form: Form, stopping: Stopping = "careful", seed: int = 0, most: int = 9) -> int | None:
    """Where it ends, read in pieces; nothing that was passed on lies behind that."""
    rng, at, passed, looking = random.Random(seed), 0, 0, watchers(form, stopping)
    while at < len(text) and looking:
        size = rng.randint(1, most)
        for one in looking:
            one.see(text[at : at + size])
        at += size
        ends = [one.end for one in looking if one.end is not None]
        if ends:
            assert text[min(ends) : passed].strip() == "" or min(ends) >= passed
            return min(ends)
        passed = min(one.safe for one in looking)
    return None


@given(
    CONTAINERS,
    st.sampled_from(["", "\n", " \n\nDone.", "\n```", "} extra", " " * 80]),
    st.integers(0, 9),
    st.booleans(),
)
def test_json_ends_behind_its_value(value: object, after: str, seed: int, ascii_only: bool) -> None:
    """Whatever is in it and whatever follows: never within, and what is left can be read."""
    text = " " + json.dumps(value, ensure_ascii=ascii_only, indent=seed % 3 or None)
    end = end_of(text + after, Form(json=True), seed=seed)
    assert end == (len(text) if after.strip() or len(after) > 60 else None)
    if end is not None:
        assert json.loads((text + after)[:end]) == value


@given(st.text(max_size=80), st.integers(0, 9))
def test_what_is_no_json_is_not_ended(text: str, seed: int) -> None:
    """However it is cut into pieces."""
    if text.strip()[:1] not in ("{", "["):
        assert end_of(text, Form(json=True), seed=seed) is None


@pytest.mark.parametrize(
    ("label", "text", "kept"),
    [
        ("letter", "B\n\nThe tower is high, so", "B"),
        ("letter", " (B)\nBecause", " (B)"),
        ("letter", "B. Paris\nBecause", None),
        ("letter", "B or C\nBecause", None),
        ("letter", "B", None),
        ("letter", "B\n", None),
        ("number", "42\nI counted", "42"),
        ("number", "$1,250.50\n\nAll", "$1,250.50"),
        ("number", "42 apples\nAnd", None),
        ("word", "Positive\nThe review", "Positive"),
        ("word", "Yes.\n\nIt is", "Yes."),
        ("word", "Very positive\nThe", None),
        ("", "B\n\nThe", None),
    ],
)
def test_the_one_label(label: str, text: str, kept: str | None) -> None:
    """Alone on its line, and another line begun."""
    for seed in range(5):
        end = end_of(text, Form(label=label), seed=seed)  # type: ignore[arg-type]
        assert (None if end is None else text[:end]) == kept


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Which one? Answer with only the letter.", "letter"),
        ("Reply with just the number.", "number"),
        ("Only answer yes or no: is it high?", "word"),
        ("Classify it. Output nothing but the label.", "word"),
        ("Answer with the letter only, then explain why.", ""),
        ("Give only the letter and the number.", ""),
        ("Which letter is it?", ""),
        ("Only one question: what is a number?", ""),
        ("Write only the function, no letter to the editor.", "letter"),
    ],
)
def test_what_is_asked_for(question: str, label: str) -> None:
    """In so many words. A false alarm is harmless: what is no letter alone on its line is not ended."""
    assert form_of(question, wants_json=False).label == label
    assert form_of(question, wants_json=True) == Form(json=True)


@pytest.mark.parametrize(
    "courtesy",
    [
        "Let me know if you have any questions!",
        "I hope this helps!",
        "Please let me know if you need any more detail, and I will look.",
        "If you have any further questions, feel free to ask.",
        "Feel free to reach out.",
        "Is there anything else I can do for you?",
    ],
)
def test_a_courtesy_is_not_passed_on(courtesy: str) -> None:
    """None of it, in whatever pieces it comes."""
    for seed in range(8):
        end = end_of(f"{PROSE}\n\n{courtesy}", Form(), EAGER, seed=seed)
        assert end == len(PROSE)


@pytest.mark.parametrize(
    "text",
    [
        "Let me know if you have any questions!",
        f"{PROSE}\n\nLet me know the height, and I will check it.",
        f"{PROSE}\n\nFeel free to use any of these: a, b, c.",
        f"{PROSE} Let me know if you have any questions.",
        "```\nprint(1)\n\nlet me know if you have any\n```",
        f"{PROSE}\n\nPlease let me know if you would like to proceed with the order of 222 bricks.",
        f"{PROSE}\n\nIf you have any allergies, leave out the nuts.",
    ],
)
def test_what_is_no_courtesy_is_passed_on(text: str) -> None:
    """All there is, what is said with it, code."""
    for seed in range(8):
        assert end_of(text, Form(), EAGER, seed=seed) is None
        assert end_of(f"{PROSE}\n\nI hope this helps!", Form(), "careful", seed=seed) is None


def test_a_loop_is_left() -> None:
    """After eight times and four hundred characters, not before."""
    once = "The tower is high and the bridge is long. "
    assert end_of(PROSE + once * 7, Form(), EAGER) is None
    end = end_of(PROSE + once * 60, Form(), EAGER)
    assert end is not None
    assert 400 < end < len(once) * 20
    assert end_of(PROSE + once * 60, form_of("Repeat this sentence.", wants_json=False), EAGER) is None


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "print('tower')\n" * 90 + "```\n",
        "| a | b |\n" * 90,
        "-" * 2000,
        "0, " * 800,
        "[" + '"tower", ' * 200,
        "\n".join(f"{number}. The tower with the number {number}." for number in range(90)),
    ],
    ids=["code", "table", "rule", "zeros", "json", "counting"],
)
def test_what_repeats_itself_for_a_reason_goes_on(text: str) -> None:
    """Code, tables, rulers, numbers, lists that count."""
    assert end_of(text, Form(), EAGER) is None


def test_off_is_off() -> None:
    """Nothing is looked for."""
    assert watchers(Form(json=True), "off") == []
    assert watchers(Form(), "careful") == []
