"""Further answers of the weak model as a sign of whether it knows."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Said, Scripted, call, gone, read

from sparing.core.upstream import Call, served_by
from sparing.core.usage import Usage
from sparing.gateway.rewrite import REWRITE
from sparing.generate.agree import same_vote
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.confidence import Confidence
from sparing.generate.draft import Draft
from sparing.generate.signals import NAMES
from sparing.generate.votes import Votes
from sparing.testing.models import FakeModel

USAGE = Usage(7, 3, 0)
AT = NAMES.index("agreement of samples")


def asking(text: str = "Who?", **more: Any) -> Call:
    return call(body=msgspec.json.encode({"messages": [{"role": "user", "content": text}], **more}))


class Saying(FakeModel):
    """Gives these answers in turn."""

    def __init__(self, *texts: str) -> None:
        super().__init__(lambda _: texts[(len(self.calls) - 1) % len(texts)])


async def poll(weak: object, said: str, most: int = 5) -> Any:
    return await Votes(weak, REWRITE.vary, lambda _: USAGE).poll(asking(), Draft(said), most, 5.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "texts", "calls", "agreement"),
    [
        ("Ada", ["Ada"], 3, 4 / 5),
        ("Ada", ["Grace"], 3, 1 / 5),
        ("Ada", ["Ada", "Grace"], 5, 4 / 7),
        ("B", ["B. Paris", "The answer is B.", "b"], 3, 4 / 5),
    ],
)
async def test_no_more_is_drawn_than_decides(said: str, texts: list[str], calls: int, agreement: float) -> None:
    """Three of one mind out of five are a majority, whatever the others would say."""
    weak = Saying(*texts)
    found = await poll(weak, said)
    assert len(weak.calls) == found.calls == calls
    assert found.agreement == pytest.approx(agreement)
    assert [one.usage for one in found.spent] == [USAGE] * calls


async def test_samples_that_fail_say_nothing() -> None:
    """And where all do, there is no poll."""
    assert await poll(Scripted([gone()]), "Ada") is None
    assert await poll(Scripted([Said(500)]), "Ada") is None


async def test_only_a_share_is_polled() -> None:
    """Three in ten of the answers that were tried, and twenty to begin with."""
    weak = FakeModel("Ada")
    votes = Votes(weak, REWRITE.vary, lambda _: USAGE)
    polled = 0
    for _ in range(400):
        votes.tried()
        polled += await votes.poll(asking(), Draft("Ada"), 1, 5.0) is not None
    assert polled == pytest.approx(20 + 0.3 * 400, abs=2)


async def test_few_are_drawn_at_once_and_nobody_waits_for_a_place() -> None:
    """Four samples at a time, of all requests together."""
    running = most = 0

    async def slow() -> Said:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return Said(200, pieces=(b'{"choices":[{"message":{"content":"Ada"}}]}',))

    votes = Votes(Scripted([slow]), REWRITE.vary, lambda _: USAGE)  # type: ignore[arg-type]
    for _ in range(100):
        votes.tried()
    found = await asyncio.gather(*(votes.poll(asking(), Draft("Ada"), 9, 5.0) for _ in range(10)))
    assert most <= 4
    assert any(found)
    assert not all(found)


async def test_a_slow_sample_is_not_waited_for() -> None:
    """What was heard in time counts."""
    weak = Scripted([lambda: asyncio.sleep(30)])  # type: ignore[list-item]
    assert (
        await asyncio.wait_for(Votes(weak, REWRITE.vary, lambda _: USAGE).poll(asking(), Draft("A"), 3, 0.05), 5)
        is None
    )  # type: ignore[arg-type]


class Agreeing(Confidence):
    """Takes what was agreed on."""

    def is_enough(self, signals: Any) -> bool:
        return bool(signals[AT] > 0.7)

    def is_explored(self) -> bool:
        return False


def cascade(weak: object, strong: object, samples: int = 3, price: float = 0.1) -> tuple[Cascade, Agreeing]:
    confidence = Agreeing(len(NAMES), 0.9, price)
    made = Cascade(weak, strong, Terms(samples=samples), lambda _: USAGE, lambda: confidence, rewrite=REWRITE)  # type: ignore[arg-type]
    return made, confidence


async def test_agreement_decides() -> None:
    """Answers that agree are passed on, with the samples in the account; others go on to the strong model."""
    strong = FakeModel("Grace.")
    answer = await cascade(FakeModel("Ada"), strong)[0].send(asking())
    assert b"Ada" in await read(answer)
    assert not strong.calls
    assert (served_by(answer).tries, len(served_by(answer).spent)) == (3, 2)
    answer = await cascade(Saying("Ada", "Grace", "Mary"), strong)[0].send(asking())
    assert b"Grace." in await read(answer)
    assert (served_by(answer).tries, len(served_by(answer).spent)) == (4, 3)


async def test_samples_count_in_what_a_try_costs() -> None:
    """Each is a call of the weak model."""
    made, confidence = cascade(FakeModel("Ada"), FakeModel("Grace."))
    counted: list[int] = []
    confidence.takes = lambda signals, calls=1: bool(counted.append(calls)) or True  # type: ignore[method-assign]
    await read(await made.send(asking()))
    assert counted == [3]


async def test_where_chances_are_told_nothing_is_drawn() -> None:
    """Nor where the policy says none."""
    told = b'{"choices":[{"message":{"content":"Ada"},"logprobs":{"content":[{"logprob":-0.1}]}}]}'
    weak = Scripted([Said(200, pieces=(told,))])
    await read(await cascade(weak, FakeModel("Grace."))[0].send(asking()))
    assert len(weak.calls) == 1
    silent = FakeModel("Ada")
    await read(await cascade(silent, FakeModel("Grace."), samples=0)[0].send(asking()))
    assert len(silent.calls) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("B", "(b)", True),
        ("B) Paris", "The correct answer is B", True),
        ("B", "C", False),
        ("A dog", "A cat", False),
        ('{"a":1,"b":2}', '{"b": 2, "a": 1}', True),
        ('{"a":1}', '{"a":2}', False),
        ("It was 5 km.", "5 km", True),
        ("It was 5 km.", "5 m", False),
        ("It was Ada.", "Ada Lovelace", True),
        ("It is safe.", "It is not safe.", False),
    ],
)
def test_what_votes_for_the_same(one: str, other: str, same: bool) -> None:
    """Letters, JSON, numbers with their units, negations, words."""
    assert same_vote(one, other) is same
    assert same_vote(other, one) is same


@given(st.text(max_size=60))
def test_a_text_votes_for_itself(text: str) -> None:
    """Whatever it is, as long as it says something."""
    assert same_vote(text, text)
