"""Cutting event streams."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.errors import UpstreamUnreachable
from sparing.gateway import sse
from sparing.gateway.sse import EventCutter, whole

ENDS = ("\n\n", "\r\n\r\n", "\r\r", "\n\r\n")
lines = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8).map(lambda text: f"data: {text}")
events = st.tuples(lines, st.sampled_from(ENDS)).map(lambda pair: "".join(pair).encode())


@settings(max_examples=100, deadline=None)
@given(stream=st.lists(events, max_size=8).map(b"".join), tail=lines, cuts=st.lists(st.integers(0, 200), max_size=12))
def test_any_split_gives_the_same_bytes(stream: bytes, tail: str, cuts: list[int]) -> None:
    """However a stream arrives, what goes out is the same, and each piece ends where an event ends."""
    data = stream + tail.encode()
    bounds = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    cutter = EventCutter()
    pieces = [cutter.feed(data[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
    rest = cutter.rest()
    assert b"".join(pieces) + rest == data
    assert all(not piece or piece.endswith(tuple(end.encode() for end in ENDS)) for piece in pieces)
    assert rest.endswith(tail.encode())


def test_an_event_goes_out_as_soon_as_it_is_whole() -> None:
    """The last byte of the blank line releases the event."""
    cutter = EventCutter()
    assert cutter.feed(b"data: 1\n") == b""
    assert cutter.feed(b"\ndata: 2") == b"data: 1\n\n"
    assert cutter.feed(b"\r\n\r") == b""
    assert cutter.feed(b"\n") == b"data: 2\r\n\r\n"
    assert cutter.rest() == b""


@pytest.mark.parametrize(
    ("chunk", "passed"), [(b": ping\n", b": ping\n"), (b": ping", b""), (b"data: x\n", b""), (b": a\ndata: x\n", b"")]
)
def test_only_whole_comments_do_not_wait(chunk: bytes, passed: bytes) -> None:
    """A comment line keeps a connection alive by arriving; a line of an event waits for the event."""
    assert EventCutter().feed(chunk) == passed


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event without an end does not gather for ever."""
    monkeypatch.setattr(sse, "_HOLD_BYTES", 100)
    cutter = EventCutter()
    assert cutter.feed(b"x" * 60) == b""
    assert cutter.feed(b"x" * 60) == b"x" * 120


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"data: [DONE]",
        b"data: [DONE]\n",
        b'event: end\ndata: {"a": 1}',
        b": ping",
        b"event: end",
        b"data: words {",
        b"\r\n",
    ],
)
def test_an_end_without_a_blank_line_is_an_end(rest: bytes) -> None:
    """Whatever it says, as long as it is no half of a JSON object."""
    assert whole(rest, "p") == rest


@pytest.mark.parametrize(
    "rest", [b'data: {"id": "c', b'event: x\ndata:{"a": {}', b'data: {"a": 1\r\n', b"data: 1\rdata: {"]
)
def test_half_an_event_is_a_break(rest: bytes) -> None:
    """The caller is told, and gets no half."""
    with pytest.raises(UpstreamUnreachable, match="within an event"):
        whole(rest, "p")
