"""The next upstream when one fails."""

from __future__ import annotations

import pytest
from scripted import ERROR_IN_STREAM, EVENTS, JSON, Said, Scripted, call, gone, read

from sparing.core.upstream import served_by
from sparing.errors import ModelMissing, UpstreamUnreachable
from sparing.generate.fallback import Fallback


@pytest.mark.parametrize(
    "failure",
    [Said(429), Said(503), gone(), ModelMissing("no weights"), Said(200, EVENTS, (ERROR_IN_STREAM,)), Said(200, JSON, (gone(),))],
    ids=["429", "503", "unreachable", "no model", "error in stream", "dropped"],
)  # fmt: skip
async def test_the_next_one_answers(failure: object) -> None:
    """Whatever the first failed of."""
    first, second = Scripted([failure]), Scripted([Said(200, JSON, (b"second",))])  # type: ignore[list-item]
    answer = await Fallback([first, second]).send(call())
    assert await read(answer) == b"second"
    assert len(first.calls) == 1


async def test_the_tries_of_all_are_counted() -> None:
    """Also those of an upstream that tried several times itself."""
    error = gone()
    error.tries = 3
    answer = await Fallback([Scripted([error]), Scripted([Said(503)]), Scripted([Said()])]).send(call())
    assert served_by(answer).tries == 5


async def test_the_last_failure_is_told() -> None:
    """An answer as it is, an error with all tries."""
    answer = await Fallback([Scripted([gone()]), Scripted([Said(503, JSON, (b"sorry",))])]).send(call())
    assert (answer.status, await read(answer)) == (503, b"sorry")
    with pytest.raises(UpstreamUnreachable) as caught:
        await Fallback([Scripted([Said(503)]), Scripted([gone()])]).send(call())
    assert caught.value.tries == 2


async def test_a_refusal_is_an_answer() -> None:
    """Another upstream is not asked what this one would not have."""
    second = Scripted([Said()])
    assert (await Fallback([Scripted([Said(400)]), second]).send(call())).status == 400
    assert not second.calls


async def test_what_has_an_effect_goes_to_the_first_alone() -> None:
    """An upload at one provider is of no use to another."""
    second = Scripted([Said()])
    assert (await Fallback([Scripted([Said(503)]), second]).send(call(path="/v1/files"))).status == 503
    assert not second.calls


async def test_after_the_first_byte_there_is_no_next() -> None:
    """The caller has it."""
    second = Scripted([Said()])
    answer = await Fallback([Scripted([Said(200, EVENTS, (b"data: 1\n\n", gone()))]), second]).send(call())
    with pytest.raises(UpstreamUnreachable):
        await read(answer)
    assert not second.calls


async def test_closing_closes_all() -> None:
    """Every connection."""
    first, second = Scripted([Said()]), Scripted([Said()])
    await Fallback([first, second]).aclose()
    assert (first.closed, second.closed) == (1, 1)
