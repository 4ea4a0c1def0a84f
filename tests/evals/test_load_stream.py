"""A caller knows an answer that is whole from one that lost, swapped or mixed up anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.evals.load.ask import Ask, chat, read_ask
from sparing.evals.load.faults import FAULTS
from sparing.evals.load.stream import Stream, Verdict

ASK = Ask(7, 3)
DONE = b"data: [DONE]\n\n"


def text(place: int, tag: int = 7, call: str = "a") -> bytes:
    content = f"{tag}.{call}.{place}.100 "
    return b'data: {"choices":[{"index":0,"delta":{"content":"%b"},"finish_reason":null}]}\n\n' % content.encode()


FIRST = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}\n\n'
ERROR = b'data: {"error":{"message":"overloaded"}}\n\n'
WHOLE = (FIRST, text(0), text(1), text(2), STOP, DONE)


def judged(*pieces: bytes, status: int = 200) -> Stream:
    stream = Stream(ASK)
    stream.status = status
    for piece in pieces:
        stream.feed(piece, 150)
    return stream


@given(st.lists(st.integers(1, len(b"".join(WHOLE)) - 1), max_size=8))
def test_a_whole_answer_is_whole_wherever_it_is_cut(cuts: list[int]) -> None:
    """However the bytes arrive; each event's lag is known."""
    data, at = b"".join(WHOLE), [0, *sorted(cuts), None]
    stream = judged(*(data[start:end] for start, end in zip(at, at[1:], strict=False)))
    assert stream.verdict() == "whole"
    assert (stream.first_ns, stream.lags_ns) == (150, [50, 50, 50])


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [
        ((FIRST, text(0), text(2), STOP, DONE), "lost"),
        ((FIRST, text(1), text(0), text(2), STOP, DONE), "lost"),
        ((FIRST, text(0), text(0), text(1), text(2), STOP, DONE), "lost"),
        ((FIRST, text(0), text(1), STOP, DONE), "lost"),
        ((FIRST, text(0), text(1, call="b"), text(2), STOP, DONE), "lost"),
        ((*WHOLE, text(3)), "lost"),
        ((FIRST, b"data: {half\n\n", *WHOLE[1:]), "lost"),
        ((FIRST, text(0), text(1, tag=8), text(2), STOP, DONE), "crossed"),
        ((FIRST, text(0), text(1), text(2), STOP), "cut"),
        ((FIRST, text(0), text(1), text(2), DONE), "cut"),
        ((FIRST, text(0), ERROR), "told"),
        ((ERROR, DONE), "lost"),
        ((), "cut"),
    ],
)
def test_everything_else_is_called_what_it_is(pieces: tuple[bytes, ...], verdict: Verdict) -> None:
    """An event missing, twice, out of order, after the end, of another answer, of another caller; no end."""
    assert judged(*pieces).verdict() == verdict


def test_a_refusal_and_a_keep_alive_are_no_loss() -> None:
    """A comment is no event; an error status is told as such."""
    assert judged(b": ping\n\n", *WHOLE).verdict() == "whole"
    assert judged(status=503).verdict() == "refused"


@given(st.integers(0, 2**50), st.integers(1, 9), st.floats(0, 60), st.floats(0, 60), st.sampled_from(("", *FAULTS)))
def test_the_stub_reads_what_it_is_asked(tag: int, num: int, first_s: float, gap_s: float, fault: str) -> None:
    """To the microsecond, from the request's own bytes."""
    asked = Ask(tag, num, first_s, gap_s, fault, 2)
    read = read_ask(chat(asked))
    assert read == Ask(tag, num, round(first_s * 1e6) / 1e6, round(gap_s * 1e6) / 1e6, fault, 2)
    assert read_ask(b"{}") is None
