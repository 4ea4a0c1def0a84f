"""The weak model first."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import msgspec
import pytest
from scripted import EVENTS, JSON, Said, Scripted, call, gone, read

from sparing.core.upstream import Call, served_by
from sparing.core.usage import Usage
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.confidence import Confidence
from sparing.generate.held import MOST_BYTES
from sparing.generate.signals import NAMES
from sparing.testing.models import FakeModel

USAGE = Usage(7, 3, 0)


class Trusting(Confidence):
    """Takes every answer that is no veto's."""

    def takes(self, signals: object, calls: int = 1) -> bool:
        return True


class Doubting(Confidence):
    """Takes none; keeps what it learns."""

    def __init__(self) -> None:
        super().__init__(len(NAMES), 0.9, 0.1)
        self.learned: list[bool] = []

    def takes(self, signals: object, calls: int = 1) -> bool:
        return False

    def learn(self, signals: object, agreed: bool) -> None:
        self.learned.append(agreed)


def asking(text: str = "Who?", **body: object) -> Call:
    return call(body=msgspec.json.encode({"messages": [{"role": "user", "content": text}], **body}))


def trusting(weak: object, strong: object, wait_s: float = 5.0) -> Cascade:
    return Cascade(weak, strong, Terms(wait_s=wait_s), lambda _: USAGE, lambda: Trusting(len(NAMES), 0.9, 0.1))  # type: ignore[arg-type]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_good_answer_is_passed_on_as_it_is(stream: bool) -> None:
    """Byte for byte; the strong model is not asked."""
    weak, strong = FakeModel("Ada Lovelace did."), FakeModel("strong")
    sent = Call("openai.chat", "POST", "/v1/chat/completions", {}, asking().body, stream=stream)
    alone = await read(await FakeModel("Ada Lovelace did.").send(sent))
    assert await read(await trusting(weak, strong).send(sent)) == alone
    assert not strong.calls


@pytest.mark.parametrize(
    "weak",
    [
        FakeModel("I'm sorry, I cannot answer that."),
        FakeModel(" "),
        Scripted([Said(500)]),
        Scripted([gone()]),
        Scripted([Said(200, JSON, (b'{"choices":[', gone()))]),
        Scripted([Said(200, EVENTS, (b"x" * (MOST_BYTES + 1),))]),
        Scripted([Said(200, JSON, (b"\xff not json",))]),
        Scripted([Said(200, JSON, (lambda: asyncio.sleep(30),))]),
    ],
    ids=["refusal", "empty", "500", "unreachable", "broken off", "too long", "unreadable", "stalled"],
)
async def test_what_is_no_answer_is_never_seen(weak: object) -> None:
    """The strong one is asked, and its answer is the caller's; that took one more try."""
    answer = await asyncio.wait_for(trusting(weak, FakeModel("Grace."), wait_s=0.3).send(asking()), 5)
    assert b"Grace." in await read(answer)
    assert served_by(answer).tries == 2


async def test_a_weak_model_that_is_stuck_is_not_waited_for_again_and_again() -> None:
    """After a few callers waited in vain nobody does for a while."""
    weak = Scripted([Said(200, JSON, (lambda: asyncio.sleep(30),))])
    cascade = trusting(weak, FakeModel("Grace."), wait_s=0.02)
    for _ in range(12):
        await cascade.send(asking())
    assert len(weak.calls) == 5


class Asked:
    """An allowance that grants all and counts how often it is asked."""

    num_asked = 0

    async def more(self, calls: int = 1, added_bytes: int = 0) -> bool:
        self.num_asked += 1
        return True

    def lost(self) -> None:
        """It is not counted here."""


async def test_nothing_is_set_aside_for_a_try_that_is_not_made() -> None:
    """While the weak model rests, what a try would take is left to other requests."""
    weak, allowance = Scripted([Said(200, JSON, (lambda: asyncio.sleep(30),))]), Asked()
    cascade = trusting(weak, FakeModel("Grace."), wait_s=0.02)
    for _ in range(12):
        await cascade.send(replace(asking(), allowance=allowance))  # type: ignore[arg-type]
    assert allowance.num_asked == len(weak.calls) == 5


async def test_a_failed_try_is_paid_for() -> None:
    """Its usage goes into the receipt, at the model and provider that it is of."""
    answer = await trusting(FakeModel("I don't know."), FakeModel("Grace.")).send(asking())
    (spent,) = served_by(answer).spent
    assert spent.usage == USAGE


async def test_requests_with_tools_go_to_the_strong_one() -> None:
    """And those that ask nothing that can be read."""
    weak = FakeModel("weak")
    cascade = trusting(weak, FakeModel("strong"))
    await cascade.send(asking(tools=[{"type": "function"}]))
    await cascade.send(call(body=b"\xff"))
    assert not weak.calls


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("strong", "agreed"), [("It was Ada.", True), ("It was Grace.", False)])
async def test_answers_to_both_are_compared(strong: str, agreed: bool, stream: bool) -> None:
    """While the strong one passes on its way."""
    doubting = Doubting()
    cascade = Cascade(FakeModel("Ada"), FakeModel(strong), Terms(), lambda _: USAGE, lambda: doubting)
    sent = Call("openai.chat", "POST", "/v1/chat/completions", {}, asking().body, stream=stream)
    await read(await cascade.send(sent))
    assert doubting.learned == [agreed]


async def test_an_answer_that_breaks_off_teaches_nothing() -> None:
    """Half an answer agrees with nothing."""
    doubting = Doubting()
    strong = Scripted([Said(200, EVENTS, (b'data: {"choices":[{"delta":{"content":"Ada"}}]}\n\n', gone()))])
    answer = await Cascade(FakeModel("Ada"), strong, Terms(), lambda _: USAGE, lambda: doubting).send(asking())
    with pytest.raises(type(gone())):
        await read(answer)
    assert doubting.learned == []


async def test_it_learns_what_the_weak_model_can_do() -> None:
    """Lookups yes, sums no: after a while lookups stay with the weak one, and hardly a wrong answer is passed on."""
    rng = random.Random(0)

    def right(question: Call) -> str:
        text = msgspec.json.decode(question.body)["messages"][-1]["content"]
        return text.split("is ")[1].split(".")[0] if "code is" in text else "The larger one of the pair wins"

    def weakly(question: Call) -> str:
        return right(question) if b"code is" in question.body else rng.choice(["Pigs fly", "Blue cheese", "A hat"])

    strong = FakeModel(right)
    confidence = Confidence(len(NAMES), 0.9, 0.1, draw=rng.random)
    cascade = Cascade(FakeModel(weakly), strong, Terms(), lambda _: USAGE, lambda: confidence)
    wrong = 0
    for at in range(600):
        text = f"Your code is alpha{at}. What is it?" if rng.random() < 0.6 else f"Which is larger, {at} or {at * 2}?"
        sent = asking(text)
        wrong += right(sent).encode() not in await read(await cascade.send(sent))
    assert len(strong.calls) < 0.65 * 600
    assert wrong <= 6
