"""Asking again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import ERROR_IN_STREAM, EVENTS, JSON, Clock, Said, Scripted, call, gone, read

from sparing.core.upstream import served_by
from sparing.errors import UpstreamUnreachable
from sparing.generate.retry import Patience, Retrying

OK = Said()


def retrying(script: Sequence[object], clock: Clock, draw: float = 0.5, **patience: float) -> tuple[Retrying, Scripted]:
    upstream = Scripted(script)  # type: ignore[arg-type]
    made = Retrying(upstream, Patience(**patience), sleep=clock.sleep, draw=lambda: draw, clock=clock)  # type: ignore[arg-type]
    return made, upstream


@pytest.mark.parametrize(
    "failure",
    [
        Said(429),
        Said(500),
        Said(529),
        gone(),
        Said(200, JSON, (gone(),)),
        Said(200, EVENTS, (ERROR_IN_STREAM,)),
        Said(200, JSON, (b'{"error":{"message":"overloaded"}}',)),
    ],
    ids=["429", "500", "529", "unreachable", "dropped before the first byte", "error in stream", "error in JSON"],
)
async def test_a_failure_that_passes(failure: object) -> None:
    """The second answer is given, and says that it took two; the first is closed."""
    made, upstream = retrying([failure, OK], Clock())
    answer = await made.send(call())
    assert await read(answer) == b'{"ok":true}'
    assert served_by(answer).tries == 2
    assert len(upstream.calls) == 2
    assert not isinstance(failure, Said) or failure.closed


async def test_the_last_failure_is_passed_on() -> None:
    """With its own words, after as many tries as are allowed."""
    made, upstream = retrying([Said(503, JSON, (b"first",)), gone(), Said(503, JSON, (b"last",))], Clock())
    answer = await made.send(call())
    assert (answer.status, await read(answer)) == (503, b"last")
    assert len(upstream.calls) == 3


async def test_the_last_error_is_raised() -> None:
    """It knows how often the upstream was asked."""
    made, _ = retrying([gone()], Clock())
    with pytest.raises(UpstreamUnreachable) as caught:
        await made.send(call())
    assert caught.value.tries == 3


@pytest.mark.parametrize("status", [400, 401, 404, 422, 501])
async def test_a_refusal_is_an_answer(status: int) -> None:
    """Asking again would be refused again."""
    made, upstream = retrying([Said(status)], Clock())
    assert (await made.send(call())).status == status
    assert len(upstream.calls) == 1


async def test_what_could_have_an_effect_is_sent_once() -> None:
    """A batch must not be made twice."""
    made, upstream = retrying([Said(503)], Clock())
    assert (await made.send(call(path="/v1/batches"))).status == 503
    assert len(upstream.calls) == 1


async def test_nothing_is_repeated_once_a_byte_was_passed_on() -> None:
    """What breaks later breaks for the caller."""
    made, upstream = retrying([Said(200, EVENTS, (b"data: 1\n\n", gone())), OK], Clock())
    answer = await made.send(call(stream=True))
    with pytest.raises(UpstreamUnreachable):
        await read(answer)
    assert len(upstream.calls) == 1


async def test_retry_after_is_waited_for() -> None:
    """In full, and a little longer, so that those who were refused together do not come back together."""
    clock = Clock()
    made, _ = retrying([Said(429, {"retry-after": "4"}), OK], clock, draw=0.5)
    assert (await made.send(call())).status == 200
    assert clock.now_s == 1004.25


async def test_a_wait_that_is_too_long_is_not_begun() -> None:
    """The caller learns at once, from the upstream's own words."""
    clock = Clock()
    made, upstream = retrying([Said(429, {"retry-after": "60"}), OK], clock)
    answer = await made.send(call())
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert clock.now_s == 1000.0
    assert len(upstream.calls) == 1


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 8), st.floats(0, 30))
async def test_waits_stay_within_the_patience(draw: float, tries: int, wait_s: float) -> None:
    """However the dice fall, no caller waits longer than it was told, and no upstream is asked more often."""
    clock = Clock()
    made, upstream = retrying([Said(429)], clock, draw, tries=tries, wait_s=wait_s)
    await made.send(call())
    assert clock.now_s - 1000.0 <= wait_s + 1e-9
    assert 1 <= len(upstream.calls) <= tries
