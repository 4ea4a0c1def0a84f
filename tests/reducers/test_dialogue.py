"""Conversations keep what is asked for, or else what says something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.dialogue import Dialogue
from sparing.testing import sample_texts
from sparing.testing.samples import support_chat
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
CHAT = (
    "USER: Hi, I'd like to find a place to eat, please.\n"
    "SYSTEM: Sure, I can help you with that. What city are you in?\n"
    "USER: In San Jose. A table for 2 people, and no smoking.\n"
    "SYSTEM: How about Sino at 11:30 am? It has a rating of 4.1.\n"
    "USER: No, something else please.\n"
    "SYSTEM: How about Adelita's Taqueria? Would you like me to book a table?\n"
    "USER: Yes, that sounds great, at a quarter past 7 in the evening.\n"
    "SYSTEM: Please confirm: a table for 2 people at Adelita's Taqueria in San Jose at 7:15 pm.\n"
    "USER: Yes, that is correct. Thank you very much for your help!\n"
    "SYSTEM: You are welcome. Is there anything else I can do for you?\n"
)


def propose(text: str, question: str = "", pins: tuple[str, ...] = ()) -> Ladder:
    """A ladder, which has to be offered."""
    ladder = Dialogue().propose(text, Ask(COUNTER, Question(question) if question else None, pins))
    assert not isinstance(ladder, Skip)
    return ladder


def at(ladder: Ladder, share: float) -> str:
    """The longest rung of at most this share of the tokens."""
    budget = share * ladder.tokens[-1]
    return ladder.render(max(i for i, size in enumerate(ladder.tokens) if size <= budget or not i)).text


def test_values_stay_and_small_talk_goes() -> None:
    """At a third of the tokens every agreed value is there, to the letter."""
    short = at(propose(CHAT), 0.34)
    for value in ("San Jose", "2 people", "Adelita's Taqueria", "7:15 pm", "quarter past 7 in the evening"):
        assert value in short
    for filler in ("welcome", "Thank you", "anything else", "help"):
        assert filler not in short


def test_a_value_is_kept_once() -> None:
    """What the confirmation repeats is not kept where it was first said as well."""
    assert at(propose(CHAT), 0.34).count("2 people") == 1


def test_what_the_other_side_did_not_take_up_goes_first() -> None:
    """An offer that was refused is left out before the one that was accepted."""
    sizes = {
        name: next(i for i in range(999) if name in propose(CHAT).render(i).text) for name in ("Sino", "Adelita's")
    }
    assert sizes["Adelita's"] < sizes["Sino"]


def test_a_negation_travels_with_what_it_negates() -> None:
    """On every rung that mentions smoking it is not allowed."""
    ladder = propose(CHAT)
    texts = [ladder.render(i).text for i in range(len(ladder.tokens))]
    assert all("no smoking" in text for text in texts if "smoking" in text)


def test_lines_stay_apart() -> None:
    """What different turns say is not run together in one line."""
    short = at(propose(CHAT), 0.34)
    line = next(line for line in short.split("\n") if "quarter past" in line)
    assert "7:15" not in line


def test_every_line_names_its_speaker_or_none_does() -> None:
    """A line without a speaker never follows one with another."""
    ladder = propose(CHAT)
    named = set()
    for rung in range(len(ladder.tokens)):
        lines = [line for line in ladder.render(rung).text.split("\n") if line.strip("… ")]
        labelled = [line.startswith(("USER: ", "SYSTEM: ")) for line in lines]
        assert len(set(labelled)) <= 1
        named.update(labelled)
    assert named == {True, False}


def test_a_gap_no_longer_than_its_mark_is_closed() -> None:
    """A mark never stands for a full stop alone."""
    ladder = propose(CHAT)
    for rung in range(len(ladder.tokens)):
        gone = [CHAT[e.start : e.end].strip() for e in ladder.render(rung).elisions]
        assert not {".", ",", "?"}.intersection(gone)


def test_a_question_gets_whole_turns() -> None:
    """The turn that answers stays as it is, speaker included."""
    short = at(propose(support_chat(), "Which reference did the train to Lisbon get?"), 0.2)
    lines = support_chat().split("\n")
    assert all(line in lines or not line.strip("[…] ") for line in short.split("\n"))


def test_a_question_about_nothing_here_gets_what_tells_most() -> None:
    """Without a word in common the pieces are chosen as if nobody had asked."""
    question = "Zebra xylophone?"
    assert at(propose(CHAT, question), 0.3) == at(propose(CHAT), 0.3)


@pytest.mark.parametrize("text", sample_texts()[Content.DIALOGUE])
def test_pins_stay_on_the_lowest_rung(text: str) -> None:
    """Whatever is pinned is there from the first rung on."""
    pin = text.split()[-3]
    assert pin in propose(text, pins=(pin,)).render(0).text


@given(st.lists(st.sampled_from(CHAT.splitlines()), min_size=2, max_size=14), st.integers(0, 400))
def test_what_is_kept_is_the_sources_and_in_its_order(lines: list[str], rung: int) -> None:
    """Between the marks stand stretches of the source, in order; no rung is larger than the text; no rung differs
    from one time to the next."""
    text = "\n".join(lines) + "\n"
    ladder = propose(text)
    rung %= len(ladder.tokens)
    rendition = ladder.render(rung)
    assert COUNTER.count(rendition.text) <= COUNTER.count(text)
    assert propose(text).render(rung) == rendition
    at = 0
    for piece in rendition.text.split("…"):
        found = text.find(piece.strip(), at)
        assert found >= 0
        at = found + len(piece.strip())


def test_blank_and_binary_texts_are_declined() -> None:
    """There is nothing to choose from."""
    for text in ("", "  \n", "A: x\0y\n"):
        assert isinstance(Dialogue().propose(text, Ask(COUNTER)), Skip)
