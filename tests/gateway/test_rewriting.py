"""Answers that a model says again in fewer words, where the policy lets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from talker import PATHS, Talker, ask, pieces, texts_of, whole

Start = Callable[..., RunningGateway]
pytestmark = pytest.mark.usefixtures("warm")
TOML = '[policies.brief]\nceiling_tokens = 60\noverrun = "tighten"\ntighten_with = "small-one"\n'
NAMED = {"x-sparing-policy": "brief"}
LONG = "The Falcon heater has a warranty of 24 months from the day of delivery. " + "".join(
    f"There is a further thing to say about the part with the number {number}, which is of another kind. "
    for number in range(12)
)
SHORT = "The Falcon heater has a warranty of 24 months."


class Shortener:
    """A provider that gives a long answer, and to a request for a shorter one says what it is told.

    Attributes:
        asked: Bodies of the requests for a shorter answer.
    """

    def __init__(self, short: str, status: int = 200) -> None:
        self.short, self.status = short, status
        self.asked: list[Any] = []
        self._talker = Talker(pieces(LONG))

    async def __call__(self, seen: Seen, out: Out) -> None:
        if b"Say the answer again" not in seen.body:
            await self._talker(seen, out)
            return
        self.asked.append(seen.json)
        wire = next((name for name, path in PATHS.items() if path == seen.path), "gemini")
        await out.json(whole(wire, self.short) if self.status == 200 else {"error": {}}, self.status)


@pytest.mark.parametrize("wire", PATHS)
def test_what_the_answer_bears_out_goes_out(start: Start, upstream: ScriptedUpstream, wire: str) -> None:
    """The model that is named is asked, in the caller's own format; what it costs has a receipt of its own."""
    upstream.script = shortener = Shortener(SHORT)
    gateway = start(toml=TOML)
    reply = ask(gateway, wire, stream=False, headers=NAMED, says="How long is the warranty?")
    assert SHORT in reply.body.decode()
    assert "There is a further thing" not in reply.body.decode()
    own, receipt = sorted(gateway.recorder.wait_for(2), key=lambda one: one.mode != "own")
    assert receipt.overrun == "rewritten"
    assert (own.reason, own.usage_output_tokens) == ("a shorter answer, asked for by Sparing", 700)
    assert wire == "gemini" or shortener.asked[0]["model"] == "small-one"
    assert "How long is the warranty?" in str(shortener.asked[0])


@pytest.mark.parametrize(
    ("short", "status"),
    [("The Falcon heater has a warranty of 48 months.", 200), (LONG, 200), ("", 200), (SHORT, 500)],
)
def test_anything_else_is_not_taken(start: Start, upstream: ScriptedUpstream, short: str, status: int) -> None:
    """A number that the answer has not got, no shorter answer, none at all, an error: its own sentences go out."""
    upstream.script = Shortener(short, status)
    gateway = start(toml=TOML)
    reply = ask(gateway, "chat", stream=False, headers=NAMED, says="How long is the warranty?")
    said = reply.json["choices"][0]["message"]["content"]
    assert said.startswith("The Falcon heater has a warranty of 24 months from the day of delivery.")
    assert len(said) < len(LONG)
    receipts = gateway.recorder.wait_for(2)
    assert {receipt.overrun for receipt in receipts if receipt.mode != "own"} == {"tightened"}


def test_a_stream_goes_on_with_it(start: Start, upstream: ScriptedUpstream) -> None:
    """After what was sent, which the model is told not to say again."""
    upstream.script = shortener = Shortener("The part with the number 3 is of another kind.")
    gateway = start(toml=TOML)
    reply = ask(gateway, "chat", stream=True, headers=NAMED, says="How long is the warranty?")
    said = texts_of("chat", reply)
    assert said.startswith("The Falcon heater has a warranty of 24 months from the day of delivery. ")
    assert said.endswith("The part with the number 3 is of another kind.")
    assert "do not say it again" in str(shortener.asked[0])


def test_what_is_short_enough_is_not_asked_about(start: Start, upstream: ScriptedUpstream) -> None:
    """No model is asked for nothing."""
    upstream.script = shortener = Shortener(SHORT)
    ask(start(toml=TOML.replace("60", "900")), "chat", stream=False, headers=NAMED, says="How long?")
    assert shortener.asked == []
