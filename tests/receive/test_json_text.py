"""Offsets of values in a JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_bodies import fields, spell, texts, unknown

from sparing.errors import MalformedBody
from sparing.receive import json_text
from sparing.receive.json_text import OPAQUE, Node, read_object


class EveryKey(frozenset[str]):
    """A set of keys that holds all."""

    def __contains__(self, key: object) -> bool:
        return True


def refuse(name: str) -> None:
    raise ValueError(name)


def reference(body: bytes) -> Any:
    """What the standard library reads: the value if it is an object, else None."""
    try:
        value = json.loads(
            body.decode(), parse_int=lambda _: OPAQUE, parse_float=lambda _: OPAQUE, parse_constant=refuse
        )
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def plain(value: Any) -> Any:
    """The tree of nodes as ordinary values."""
    if isinstance(value, dict):
        return {key: plain(node.value) for key, node in value.items()}
    if isinstance(value, list):
        return [plain(node.value) for node in value]
    return value


def nodes(members: dict[str, Node]) -> list[Node]:
    """Every node of the tree."""
    found = list(members.values())
    for node in found:
        if isinstance(node.value, dict):
            found.extend(node.value.values())
        elif isinstance(node.value, list):
            found.extend(node.value)
    return found


bodies = st.builds(spell, fields(a=unknown, b=st.lists(fields(c=texts))), st.integers(0, 999))


@settings(max_examples=100, deadline=None)
@given(bodies)
def test_reads_what_the_standard_library_reads(body: bytes) -> None:
    """The walked tree equals `json.loads`, duplicate keys included, and each value is where its node says."""
    source, members = read_object(body, EveryKey())
    assert source.encode() == body
    assert plain(members) == reference(body)
    for node in nodes(members):
        there = json.loads(source[node.start : node.end], parse_int=lambda _: OPAQUE, parse_float=lambda _: OPAQUE)
        assert there == plain(node.value)


@settings(max_examples=100, deadline=None)
@given(bodies)
def test_skips_what_is_not_walked(body: bytes) -> None:
    """A container under another key is one opaque value, in the same place."""
    _, walked = read_object(body, EveryKey())
    _, skipped = read_object(body, frozenset())
    for key, node in skipped.items():
        assert (node.start, node.end) == (walked[key].start, walked[key].end)
        is_container = isinstance(walked[key].value, dict | list)
        assert node.value is OPAQUE if is_container else node.value == walked[key].value


@settings(max_examples=100, deadline=None)
@given(
    st.text('{}[]",:\\ \n01-.eE+truefalsnuN\x00é', max_size=30)
    | st.from_regex(r'\{("a" ?: ?[-\d.eEtrunl"]*,? ?){1,3}\}')
)
@pytest.mark.parametrize("walked", [EveryKey(), frozenset[str]()])
def test_accepts_what_the_standard_library_accepts(walked: frozenset[str], text: str) -> None:
    """Every text that `json.loads` reads as an object is read, and no other."""
    body = text.encode()
    try:
        _, members = read_object(body, walked)
    except MalformedBody:
        assert reference(body) is None
    else:
        assert members.keys() == reference(body).keys()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is empty"),
        (b" ", "line 1 column 2: Expecting value"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":"\xff"}', "not UTF-8: invalid start byte at byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8: invalid continuation byte at byte 6"),
        (b"[]", "must be a JSON object, not an array"),
        (b'"text"', "must be a JSON object, not a string"),
        (b"12", "must be a JSON object, not a number"),
        (b"null", "must be a JSON object, not null"),
        (b'{"a":\n NaN}', "line 2 column 2: NaN is not a JSON value"),
        (b'{"a":[1, -Infinity]}', "line 1 column 6: -Infinity is not a JSON value"),
        (b'{"a":1} x', "line 1 column 9: Extra data"),
        (b'{"a":1,}', "line 1 column 8: Expecting property name"),
        (b'{"a" 1}', "line 1 column 6: Expecting ':' delimiter"),
        (b'{"a":[1 2]}', "line 1 column 9: Expecting ',' delimiter"),
        (b'{"a":"\n"}', "line 1 column 7: Invalid control character"),
        (b'{"a":"\\x"}', r"line 1 column 7: Invalid \\escape"),
        (b'{"a":"', "line 1 column 6: Unterminated string"),
        (b'{"a":tru}', "line 1 column 6: Expecting value"),
        (b'{"a":{"b":[', "line 1 column 12: Expecting value"),
    ],
)
def test_malformed_bodies_say_where(body: bytes, says: str) -> None:
    """What is not one JSON object in UTF-8 is refused with its place."""
    with pytest.raises(MalformedBody, match=says):
        read_object(body, frozenset({"b"}))


def test_the_last_of_duplicate_keys_counts() -> None:
    """As with `json.loads`, a key that comes again replaces the earlier one, escapes notwithstanding."""
    source, members = read_object(rb'{"a":"one","\u0061":"two"}', frozenset())
    assert members["a"].value == "two"
    assert source[members["a"].start : members["a"].end] == '"two"'


def test_long_numbers_are_skipped() -> None:
    """A number with more digits than Python converts is passed over, not refused."""
    _, members = read_object(b'{"a":[%s],"b":%s}' % (b"9" * 10_000, b"9" * 10_000), frozenset({"a"}))
    assert members["b"].value is OPAQUE


@pytest.mark.parametrize("crumbs", [b'{"a":[0,0,0,0,0]}', b'{"a":{"b":0,"c":0,"d":0,"e":0}}'])
def test_too_many_values_are_refused(crumbs: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body made of very many walked values is refused; where it is skipped it may hold any number."""
    monkeypatch.setattr(json_text, "MAX_VALUES", 4)
    assert read_object(crumbs, frozenset())
    with pytest.raises(MalformedBody, match="more than 4 values"):
        read_object(crumbs, frozenset({"a"}))
