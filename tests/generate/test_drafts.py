"""The strong model is shown the weak one's answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import JSON, Said, Scripted, gone, read

from sparing.core.upstream import Answer, Call, served_by
from sparing.core.usage import Usage
from sparing.errors import UpstreamUnreachable
from sparing.gateway.rewrite import REWRITE
from sparing.generate.asked import Asked
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.confidence import Confidence
from sparing.generate.draft import Draft, read_draft
from sparing.generate.drafted import KEEP, answer_tokens, may_be_shown, note, pays, verdict
from sparing.generate.signals import NAMES
from sparing.generate.traffic import Classes
from sparing.testing.models import FakeModel

WIRES = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
USAGE = Usage(7, 3, 0)
WEAK = "Ada Lovelace wrote the first program for the engine, long before there was a machine to run it on."


class Known(Confidence):
    """Takes nothing, and has compared enough to show drafts."""

    def takes(self, signals: object, calls: int = 1) -> bool:
        return False

    @property
    def num_compared(self) -> int:
        return 1000


def asking(wire: str, stream: bool = False, **more: Any) -> Call:
    said = [{"role": "user", "content": "Who wrote it?"}]
    bodies: dict[str, dict[str, Any]] = {
        "openai.responses": {"input": said, "store": False},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "Who wrote it?"}]}]},
    }
    body = bodies.get(wire, {"messages": said}) | more
    return Call(wire, "POST", "/v1/x", {}, msgspec.json.encode(body), "m", stream)


def showing(weak: object, strong: object, draft: Any = "always") -> Cascade:
    terms = Terms(draft=draft)
    return Cascade(weak, strong, terms, lambda _: USAGE, lambda: Known(len(NAMES), 0.9, 0.1), rewrite=REWRITE)  # type: ignore[arg-type]


def if_shown(then: str, otherwise: str = "Grace Hopper did.") -> Callable[[Call], str]:
    return lambda asked: then if b"proposed_answer" in asked.body else otherwise


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wire", WIRES)
async def test_a_kept_draft_is_the_answer(wire: str, stream: bool) -> None:
    """Byte for byte the weak model's; what the word cost is in the account."""
    weak, strong = FakeModel(WEAK), FakeModel(if_shown(KEEP))
    answer = await showing(weak, strong).send(asking(wire, stream))
    alone = await read(await FakeModel(WEAK).send(asking(wire, stream)))
    assert await read(answer) == alone
    served = served_by(answer)
    assert (served.draft, served.tries, [one.usage for one in served.spent]) == ("kept", 2, [USAGE])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wire", WIRES)
async def test_another_answer_is_passed_on_as_it_is(wire: str, stream: bool) -> None:
    """Nothing of the note is in it; the draft is paid for."""
    own = "It was Grace Hopper, who wrote the compiler, and nobody else at all as far as we know today."
    strong = FakeModel(if_shown(own))
    answer = await showing(FakeModel(WEAK), strong).send(asking(wire, stream))
    assert await read(answer) == await read(await FakeModel(own).send(asking(wire, stream)))
    served = served_by(answer)
    assert (served.draft, served.tries, [one.usage for one in served.spent]) == ("replaced", 2, [USAGE])
    assert len(strong.calls) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("said", ["The proposed answer is wrong: it was Grace.", f"I will not write {KEEP}."])
async def test_an_answer_that_speaks_of_the_draft_is_not_passed_on(said: str, stream: bool) -> None:
    """The strong model is asked again without; both are paid for."""
    answer = await showing(FakeModel(WEAK), FakeModel(if_shown(said))).send(asking("openai.chat", stream))
    body = await read(answer)
    assert b"proposed" not in body
    assert KEEP.encode() not in body
    assert read_draft("openai.chat", body).text == "Grace Hopper did."
    assert (served_by(answer).tries, len(served_by(answer).spent)) == (3, 2)


async def test_a_refused_note_is_left_out() -> None:
    """The request without it is what the caller asked."""
    strong = Scripted([Said(400), Said(200, JSON, (b'{"choices":[{"message":{"content":"Grace."}}]}',))])
    answer = await showing(FakeModel(WEAK), strong).send(asking("openai.chat"))
    assert b"Grace." in await read(answer)
    assert strong.calls[1].body == asking("openai.chat").body


async def test_a_strong_model_that_breaks_off_is_an_error() -> None:
    """As without a draft."""
    strong = Scripted([Said(200, JSON, (b'{"choices":', gone()))])
    with pytest.raises(UpstreamUnreachable):
        await showing(FakeModel(WEAK), strong).send(asking("openai.chat"))


async def test_one_in_five_is_asked_without() -> None:
    """What the judge learns from are answers that nobody influenced."""
    strong = FakeModel(if_shown(KEEP))
    cascade = showing(FakeModel(WEAK), strong)
    for _ in range(20):
        await read(await cascade.send(asking("openai.chat")))
    assert sum(b"proposed_answer" in asked.body for asked in strong.calls) == 16


@pytest.mark.parametrize(
    "sent",
    [
        asking("openai.chat", tools=[{"type": "function"}]),
        asking("openai.chat", response_format={"type": "json_object"}),
        replace(
            asking("openai.chat"), body=b'{"messages":[{"role":"user","content":"Q"},{"role":"tool","content":"1"}]}'
        ),
    ],
    ids=["tools", "json", "tool loop"],
)
async def test_where_no_draft_is_shown(sent: Call) -> None:
    """A word is no JSON, and no answer to a tool's result."""
    strong = FakeModel("Grace Hopper did.")
    await read(await showing(FakeModel(WEAK), strong).send(sent))
    assert not any(b"proposed_answer" in asked.body for asked in strong.calls)


@pytest.mark.parametrize("weak", ["I'm sorry, I cannot tell.", " ", f"{KEEP} the proposed answer"])
async def test_what_is_no_answer_is_not_shown(weak: str) -> None:
    """A refusal would mislead."""
    strong = FakeModel("Grace Hopper did.")
    await read(await showing(FakeModel(weak), strong).send(asking("openai.chat")))
    assert [asked.body for asked in strong.calls] == [asking("openai.chat").body]


async def test_never_means_never() -> None:
    """The default."""
    assert Terms().draft == "never"
    strong = FakeModel("Grace Hopper did.")
    await read(await showing(FakeModel(WEAK), strong, "never").send(asking("openai.chat")))
    assert [asked.body for asked in strong.calls] == [asking("openai.chat").body]


def test_what_pays() -> None:
    """A long answer that is often kept; by hand: 400 tokens read beside the note, 395 spared at four times the price."""
    read_tokens = len(note(Draft(""))) / 4 + 400
    assert answer_tokens(Draft("word" * 400)) == 400
    assert pays(400, 0.5, 4.0)
    assert not pays(400, read_tokens / (395 * 4) * 0.98, 4.0)
    assert not pays(answer_tokens(Draft("Ada Lovelace")), 1.0, 4.0)


@given(st.text(max_size=300))
def test_a_note_holds_the_draft(text: str) -> None:
    """And is only made of what cannot be taken for a word of the note itself."""
    draft = Draft(text)
    if may_be_shown(Asked("Q", "Q"), draft):
        assert text.strip() in note(draft)
        assert note(draft).count(KEEP) == 1


@given(st.text(max_size=120), st.booleans(), st.sampled_from(WIRES))
async def test_whatever_the_strong_model_says_is_passed_on_whole_or_not_at_all(
    said: str, stream: bool, wire: str
) -> None:
    """Reading the beginning of an answer loses nothing of it."""
    answer = await FakeModel(said).send(asking(wire, stream))
    found = await verdict(answer, wire)
    if found.kind == "replaced":
        assert await read(found.answer) == await read(await FakeModel(said).send(asking(wire, stream)))
    else:
        assert KEEP in said or "proposed" in said.lower()


async def test_a_model_that_rambles_on_is_left() -> None:
    """What it says of a draft that it keeps nobody reads, and nobody pays for."""
    pieces = [
        f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode()
        for text in [KEEP, *[" and so on"] * 99]
    ]
    said = Said(200, {"content-type": "text/event-stream"}, pieces)
    found = await verdict(said, "openai.chat")
    assert found.kind == "kept"
    assert len(found.body) < sum(map(len, pieces)) / 2


async def test_an_encoded_answer_cannot_be_judged() -> None:
    """It may hold the word."""
    answer: Answer = Said(200, {**JSON, "content-encoding": "gzip"}, (b"\x1f\x8b",))
    assert (await verdict(answer, "openai.chat")).kind == "unusable"


def test_how_often_drafts_are_kept_is_remembered() -> None:
    """The newest hundred or so."""
    traffic = Classes(None, NAMES).of("a", lambda: Confidence(len(NAMES), 0.9, 0.1))
    assert traffic.kept_share == 0.5
    for kept in itertools.chain([False] * 200, [True] * 400):
        traffic.shown(kept=kept)
    assert traffic.kept_share > 0.9
