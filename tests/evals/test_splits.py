"""The split of a group hangs on its name alone."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sparing.evals.splits import meeting_id, split_of


def test_shares_are_those_promised() -> None:
    """Of many groups 70 % train, 10 % validate, 20 % test."""
    counts = Counter(split_of("nq", f"article {i}") for i in range(20_000))
    assert abs(counts["train"] - 14_000) < 300
    assert abs(counts["validation"] - 2_000) < 200
    assert abs(counts["test"] - 4_000) < 250


def test_the_choice_never_changes() -> None:
    """Models are published with it: another hash would turn what they were trained on into test data."""
    names = ("Lithium", "Reading F.C.", "Philadelphia Eagles", "New Earswick")
    assert [split_of("nq", name) for name in names] == ["train", "test", "train", "train"]


@given(st.text(), st.sampled_from(["nq", "xquad"]))
def test_any_name_has_a_split(name: str, kind: str) -> None:
    """Names may be anything that text can hold, and are asked twice with one answer."""
    assert split_of(kind, name) == split_of(kind, name)


def test_a_meeting_is_what_was_said() -> None:
    """Blanks do not make another meeting; words and their turns do."""
    assert meeting_id(["Good  morning .", "Hello"]) == meeting_id(["Good morning .", " Hello "])
    assert meeting_id(["Good morning .", "Hello"]) != meeting_id(["Good morning . Hello"])
