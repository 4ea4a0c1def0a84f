"""Memory is bounded and forgets the oldest."""

from __future__ import annotations

import base64
import struct

from talk import Message, assistant, forget, send, user

from sparing.conversation.history import History
from sparing.conversation.memory import MEMORY, Memory
from sparing.conversation.outcome import Outcome, TurnResult
from sparing.conversation.turns import Turn
from sparing.core.ladder import Rendition
from sparing.core.span import Kind, Span
from sparing.plan.economics import CacheCosts


def result(text: str) -> TurnResult:
    return TurnResult((Outcome("prose", Rendition(text, 1, 1.0, "", (), "x.v1"), 9, 1, ""),))


def test_the_least_recently_used_goes() -> None:
    """What was looked at stays longer."""
    memory = Memory(results_chars=5_000)
    for n in range(4):
        memory.keep_result(bytes([n]), result("x" * 900))
        assert memory.result(b"\0") is not None
    assert memory.result(b"\1") is None
    assert memory.num_chars <= 5_000


def test_it_never_grows_beyond_its_size() -> None:
    """A thousand turns take no more than they may."""
    memory = Memory(results_chars=20_000)
    for n in range(1000):
        memory.keep_result(n.to_bytes(2, "big"), result("x" * (n % 700)))
    assert memory.num_chars <= 20_000


def test_turns_are_forgotten_too() -> None:
    """They hold the texts of whole conversations."""
    memory = Memory(turns_chars=20_000)
    for n in range(200):
        said = Span("messages[0].content", Kind.USER, "x" * (20 * n), (0, 2))
        memory.keep_turn(Turn(0, 0, (), (said,), (said,), n.to_bytes(2, "big")))
    assert memory.turn(b"\0\1") is None
    assert memory.turn((199).to_bytes(2, "big")) is not None
    assert memory.num_chars <= 20_000


def test_a_history_has_one_owner() -> None:
    """Whoever takes it is alone with it."""
    memory = Memory()
    memory.keep_history(b"a", History(CacheCosts(1.0, 0.1), 12))
    assert memory.take_history(b"a") is not None
    assert memory.take_history(b"a") is None


def test_results_of_a_deadline_are_not_final() -> None:
    """A turn that ran out of time is worked out again next time."""
    late = TurnResult((Outcome("prose", None, 9, 9, "deadline: prose.v1 ran out of time"),))
    assert not late.in_time
    assert result("x").in_time


def test_images_of_other_sizes_are_other_turns() -> None:
    """An image's tokens do not follow from its text, which is empty."""
    forget()
    small, large = [send([_image(side)]).receipt.tokens_before for side in (10, 2000)]
    forget()
    assert small < large == send([_image(2000)]).receipt.tokens_before


def _image(side: int) -> Message:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB4x", 13, b"IHDR", side, side, 8, 2, 0, 0, 0)
    url = f"data:image/png;base64,{base64.b64encode(head).decode()}"
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


def test_short_talk_is_not_remembered() -> None:
    """A request in which nothing can be reduced leaves nothing behind, and under a budget it is known by itself."""
    forget()
    end = [user("Go on."), assistant("Yes."), user("And then?"), assistant("No."), user("Why?")]
    talks = [
        [user(f"What is the capital of {one}?"), assistant(f"{one}: {'it is a long story. ' * 40}"), *end]
        for one in ("Norway", "Chad")
    ]
    send(talks[0])
    assert MEMORY.num_chars == 0
    for talk, one in zip(talks, ("Norway", "Chad"), strict=True):
        receipt = send(talk, budget=150).receipt
        assert receipt.tokens_after <= 150
        assert f"{one}".encode() in send(talk, budget=150).body
