"""The newest turn, read from the end of a request in any wire format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.receive.newest import Newest, read_newest

USER = {"role": "user", "content": "first"}
ANSWER = {"role": "assistant", "content": "a"}


def read(said: Any) -> Newest:
    return read_newest(json.dumps(said).encode())


@pytest.mark.parametrize(
    ("said", "words", "earlier", "is_last"),
    [
        ({"messages": [{"role": "system", "content": "s"}, USER]}, "first", "", True),
        ({"messages": [USER, ANSWER, {"role": "user", "content": [{"type": "text", "text": "second"}]}]}, "second", "first", True),
        ({"messages": [USER, ANSWER, {"role": "tool", "content": "42"}]}, "first", "", False),
        ({"messages": [USER, ANSWER, {"role": "user", "content": [{"type": "tool_result", "content": "42"}]}]}, "first", "", False),
        ({"input": "whole"}, "whole", "", True),
        ({"input": [USER, {"type": "reasoning"}, {"type": "function_call_output", "output": "42"}]}, "first", "", False),
        ({"contents": [{"parts": [{"text": "first"}]}, {"role": "model", "parts": [{"text": "a"}]}, {"role": "user", "parts": [{"text": "b"}]}]}, "b", "first", True),
        ({"contents": [{"role": "user", "parts": [{"functionResponse": {"text": "x"}}]}]}, "", "", False),
        ({"messages": []}, "", "", False),
        ({"messages": [3, "x"]}, "", "", False),
    ],
)  # fmt: skip
def test_the_users_newest_words(said: Any, words: str, earlier: str, is_last: bool) -> None:
    """What tools answered are no words of the user; the words before are those of the message before."""
    newest = read(said)
    assert (newest.words, newest.earlier, newest.is_last) == (words, earlier, is_last)


def test_a_conversation_is_known_by_its_first_message() -> None:
    """Whatever came after it; instructions before it do not tell conversations apart."""
    system = {"role": "system", "content": "s"}
    begun, later = read({"messages": [system, USER]}), read({"messages": [system, USER, ANSWER, USER], "tools": [{}]})
    assert begun.opening == later.opening != b""
    assert begun.opening != read({"messages": [system, {"role": "user", "content": "other"}]}).opening
    assert later.has_tools
    assert later.num_messages == 4


def test_of_a_long_message_the_ends_are_read() -> None:
    """The question stands in front of the material or behind it."""
    newest = read({"messages": [{"role": "user", "content": "Why?\n" + "x" * 50_000 + "\nBecause?"}]})
    assert "Why?" in newest.words
    assert "Because?" in newest.words
    assert len(newest.words) < 5_000
    assert newest.size > 50_000


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["messages", "content", "parts", "role", "text"]), inner, max_size=3)
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_read_or_says_nothing(body: bytes) -> None:
    """Nothing raises."""
    assert isinstance(read_newest(body), Newest)
