"""A streamed weak answer is let go as soon as its beginning is judged good enough."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from scripted import EVENTS, Said, Scripted, call, read

from sparing.core.upstream import Call
from sparing.core.usage import Usage
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.confidence import Confidence
from sparing.generate.signals import NAMES
from sparing.testing.models import FakeModel

WIRES = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
LONG = " ".join(
    f"The bridge has a tower that is called number seven, or the tower at place {word}." for word in "abcdefg"
)


def sending(wire: str, stream: bool = True, **more: Any) -> Call:
    bodies = {
        "openai.responses": {"input": "Which tower?"},
        "gemini": {"contents": [{"parts": [{"text": "Which tower?"}]}]},
    }
    body = bodies.get(wire, {"messages": [{"role": "user", "content": "Which tower?"}]})
    return Call(wire, "POST", "/v1/x", {}, msgspec.json.encode(body | more), "m", stream)


class Judge(Confidence):
    def __init__(self, enough: bool) -> None:
        super().__init__(len(NAMES), 0.9, 0.1, draw=lambda: 0.5)
        self.enough, self.said, self.learnt = enough, 0, list[bool]()

    def is_enough(self, signals: object) -> bool:
        self.said += 1
        return self.enough

    def learn(self, signals: object, agreed: bool) -> None:
        self.learnt.append(agreed)


def cascade(
    weak: object, strong: object, *, whole: bool, head: bool, early: bool = True
) -> tuple[Cascade, Judge, Judge]:
    judges = [Judge(whole), Judge(head)]
    left = iter(judges)
    made = Cascade(weak, strong, Terms(early=early), lambda _: Usage(), lambda: next(left))  # type: ignore[arg-type]
    return made, judges[0], judges[1]


@pytest.mark.parametrize("wire", WIRES)
async def test_what_begins_well_is_let_go_before_it_is_whole(wire: str) -> None:
    """The caller sees the beginning while the rest is still to come, and in the end every byte."""
    pieces = [piece async for piece in (await FakeModel(LONG).send(sending(wire))).chunks()]
    gate = asyncio.Event()
    weak = Scripted([Said(200, EVENTS, [*pieces[:60], gate.wait, *pieces[60:]])])
    made, whole, head = cascade(weak, FakeModel("strong"), whole=False, head=True)
    answer = await asyncio.wait_for(made.send(sending(wire)), 5)
    assert (head.said, whole.said) == (1, 0)
    gate.set()
    assert await read(answer) == b"".join(pieces)


@pytest.mark.parametrize("wire", WIRES)
async def test_what_does_not_is_read_to_its_end(wire: str) -> None:
    """It is looked at once, and then judged as a whole."""
    made, whole, head = cascade(FakeModel(LONG), FakeModel("strong"), whole=True, head=False)
    assert await read(await made.send(sending(wire))) == await read(await FakeModel(LONG).send(sending(wire)))
    assert (head.said, whole.said) == (1, 1)


@pytest.mark.parametrize(
    ("weak", "sent", "early"),
    [
        (LONG, sending("openai.chat", stream=False), True),
        (LONG, sending("openai.chat"), False),
        ("Seven.", sending("openai.chat"), True),
        (LONG, sending("openai.chat", response_format={"type": "json_object"}), True),
        ("I'm sorry, I cannot say. " + LONG, sending("openai.chat"), True),
    ],
    ids=["not streamed", "switched off", "short", "JSON", "refusal"],
)
async def test_what_is_never_let_go_early(weak: str, sent: Call, early: bool) -> None:
    """What is not streamed, what is short, JSON, which is only JSON at its end, and what begins like no answer."""
    made, _, head = cascade(FakeModel(weak), FakeModel("strong"), whole=False, head=True, early=early)
    await read(await made.send(sent))
    assert head.said == 0


@pytest.mark.parametrize(("strong", "agreed"), [(LONG, True), ("Something else entirely.", False)])
async def test_beginnings_are_learned_of_with_the_whole(strong: str, agreed: bool) -> None:
    """From the same comparisons."""
    made, whole, head = cascade(FakeModel(LONG), FakeModel(strong), whole=False, head=False)
    await read(await made.send(sending("openai.chat")))
    assert whole.learnt == head.learnt == [agreed]


async def test_a_beginning_of_what_turned_out_to_be_no_answer_is_learned_from() -> None:
    """It would have been passed on."""
    cut = replace(sending("openai.chat"), stream=False)
    answer = {"choices": [{"message": {"content": LONG}, "finish_reason": "length"}]}
    weak = Scripted([Said(200, pieces=(msgspec.json.encode(answer),))])
    made, whole, head = cascade(weak, FakeModel("strong"), whole=True, head=True)
    await read(await made.send(cut))
    assert (whole.learnt, head.learnt) == ([], [False])


async def test_a_stuck_stream_is_given_up() -> None:
    """And its connection closed."""
    said = Said(200, EVENTS, (b": hello\n\n", lambda: asyncio.sleep(30)))
    made = Cascade(Scripted([said]), FakeModel("strong"), Terms(wait_s=0.05, early=True), lambda _: Usage())
    assert b"strong" in await read(await made.send(call(body=sending("openai.chat").body)))
    assert said.closed
