"""The prefix law holds with learned selection too, and what ran out of time is not remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talk import Message, assistant, forget, send, user

from sparing.core.deadline import Deadline
from sparing.core.receipt import Receipt
from sparing.pipeline import identity
from sparing.select.installed import Installed
from sparing.select.memo import READINGS
from sparing.testing.tiny_models import write_models

_FACTS = [
    "The river flows past the old mill. ",
    "The king built a tower of stone. ",
    "Many people visit the town each year for its museum. ",
    "A green apple pie recipe needs sugar and milk. ",
    "The dog ran in the park and the cat sat on a mat. ",
]
_QUESTIONS = ("Who built the tower of stone?", "What is it that the pie recipe needs?", "Where is the old mill?")


def _document(first: int = 0, size: int = 60) -> str:
    """Paragraphs of three sentences, each sentence another."""
    facts = [f"In year {first + n} it was so: {_FACTS[(first + n) % 5].lower()}" for n in range(size)]
    return "\n\n".join("".join(facts[n : n + 3]) for n in range(0, size, 3))


documents = st.builds(_document, st.integers(0, 999), st.integers(45, 90))
said = st.one_of(
    st.sampled_from(_QUESTIONS),
    st.builds(lambda text, asked: f"{text}\n\n{asked}", documents, st.sampled_from(_QUESTIONS)),
)
conversations = st.lists(said, min_size=1, max_size=6)


@pytest.fixture(scope="module", autouse=True)
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    here = Installed(write_models(tmp_path_factory.mktemp("models")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparing.select.choose.installed", lambda: here)
        forget()
        yield
    forget()


def _grown(words: list[str], **policy: Any) -> Iterator[tuple[bytes, Receipt]]:
    messages: list[Message] = []
    for number, text in enumerate(words):
        messages += [*([assistant("So it is.")] if number else []), user(text)]
        reduction = send(messages, **policy)
        yield reduction.body, reduction.receipt


@given(conversations, st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_prefix_stays(words: list[str], restart: bool) -> None:
    """Each body begins the next one, with memory and without any, of turns or of readings."""
    before = b""
    messages: list[Message] = []
    for number, text in enumerate(words):
        messages += [*([assistant("So it is.")] if number else []), user(text)]
        if restart:
            forget()
            READINGS.clear()
        body = send(messages, select="auto").body
        assert body.startswith(before)
        before = body.removesuffix(b"]}")


def test_the_encoder_reads_and_the_receipt_says_so() -> None:
    """A document and a question: what judged it stands in the receipt."""
    [(_, receipt)] = _grown([f"{_document()}\n\n{_QUESTIONS[0]}"], select="auto")
    assert [span.judged_by.split(" (")[0] for span in receipt.spans] == ["encoder"]


def test_a_conversation_has_so_much_time_for_reading() -> None:
    """After some deadlines' worth of reading, cheaper tiers judge, on every replica alike."""
    words = [f"{_document(100 * n)}\n\n{_QUESTIONS[n % 3]}" for n in range(40)]
    *_, (body, receipt) = _grown(words, deadline_ms=300, select="auto")
    by = [span.judged_by.split(" (")[0] for span in receipt.spans if span.judged_by]
    assert by[0] == "encoder"
    assert by[-1] in ("static", "rules")
    forget()
    READINGS.clear()
    messages = [m for n, text in enumerate(words) for m in [*([assistant("So it is.")] if n else []), user(text)]]
    assert send(messages, deadline_ms=300, select="auto").body == body


def test_what_ran_out_of_time_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules decide when the clock says so; the next time the encoder does."""
    text = f"{_document(7)}\n\n{_QUESTIONS[1]}"

    def late(*_: Any, **__: Any) -> Any:
        Deadline(at_s=0.0).check()

    with monkeypatch.context() as patch:
        patch.setattr("sparing.select.selector.read_doubtful", late)
        [(_, receipt)] = _grown([text], select="auto")
        assert [span.judged_by.split(":")[0] for span in receipt.spans] == ["deadline"]
    [(_, receipt)] = _grown([text], select="auto")
    assert receipt.spans[0].judged_by.startswith("encoder")


def test_policies_and_models_part_conversations() -> None:
    """What is installed is part of what a turn is known by."""
    assert identity("rules") == "rules"
    assert identity("auto").startswith("static+encoder")
