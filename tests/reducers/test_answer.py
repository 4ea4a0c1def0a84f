"""Answers made shorter: what stays is the answer's own, and nothing that stays hangs in the air."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.answer import AnswerText
from sparing.reducers.answer_needs import closed, needs_of
from sparing.reducers.answer_parts import Part, pieces_of
from sparing.reducers.answer_text import GAP, put_together
from sparing.testing.sample_answer import answer
from sparing.tokens.estimate import CharCounter

ANSWER = answer()
CODE = ANSWER[ANSWER.index("```python") : ANSWER.index("```\n\nThe law") + 3]
BLOCKS = (
    "One sentence here. However, not always. Then 3 more.",
    "These are they:",
    "- first item. It goes on.\n- second\n  - nested one\n- third thing",
    "1. Do this.\n2. Then that. Wait.\n3. Done.",
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "## Heading",
    "---",
    "```\nx. y. z.\n\n- no item\n```",
    "$$\na = b. c\n$$",
    "As [1] says. And [2].",
    "[1]: https://a.example\n[2]: https://b.example",
    "日本語の文。もう一つの文。",
)
TEXTS = st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=8).map("\n\n".join)


def rungs(text: str, question: str = "", pins: tuple[str, ...] = ()) -> list[str]:
    """The text of every rung, shortest first."""
    ladder = AnswerText().propose(text, Ask(CharCounter(), Question(question) if question else None, pins))
    assert not isinstance(ladder, Skip)
    return [ladder.render(rung).text for rung in range(len(ladder.tokens))]


def shown(text: str, *chosen: str) -> str:
    """The answer with the pieces that begin like these, and what they need."""
    pieces = pieces_of(text)
    found = [at for at, one in enumerate(pieces) if text[one.start : one.end].lstrip().startswith(chosen)]
    return put_together(text, pieces, closed(found, needs_of(text, pieces), ()))[0].strip()


@given(TEXTS, st.data())
def test_what_stays_is_the_answers_own(text: str, data: st.DataObject) -> None:
    """Whichever pieces are kept: each is there byte for byte and in order, and all else is blanks and marks."""
    pieces = pieces_of(text)
    assert "".join("".join(text[one.start : one.end] for one in pieces).split()) == "".join(text.split())
    kept = data.draw(st.sets(st.integers(0, len(pieces) - 1), min_size=1))
    said, elisions = put_together(text, pieces, kept)
    rest = said
    for at in sorted(kept):
        before, found, rest = rest.partition(text[pieces[at].start : pieces[at].end])
        assert found
        assert set(re.sub(r"[-*] …|\| … \||---", "", before)) <= set(text)
    left_out = sum(elision.num_units for elision in elisions)
    assert left_out <= len(pieces) - len(kept)
    assert all(text[one.start : one.end].strip() for one in elisions)


@given(TEXTS)
def test_no_rung_hangs_in_the_air(text: str) -> None:
    """Code and formulas are whole in every rung; steps all or none; rows with their head; an announcement before what
    it announces; a source for every citation."""
    ladder = AnswerText().propose(text, Ask(CharCounter()))
    if isinstance(ladder, Skip):
        return
    for rung in range(len(ladder.tokens)):
        said = ladder.render(rung).text
        for block in (BLOCKS[7], BLOCKS[8]):
            assert said.count(block) == text.count(block)
        assert len({said.count(f"{step}") for step in ("1. Do this.", "2. Then that.", "3. Done.")}) == 1
        assert said.count("|---|") >= min(1, said.count("| 1 | 2 |") + said.count("| 3 | 4 |"))
        assert not said.rstrip().endswith(":") or text.rstrip().endswith(":")
        if "As [1] says" in said and "[1]:" in text:
            assert "[1]: https://a.example" in said


def test_code_is_in_every_rung() -> None:
    """Also the shortest, with the line that announces it."""
    assert all(CODE in text for text in rungs(ANSWER, "Can I return a hat?"))
    assert "this asks for a label:\n\n```python" in rungs(ANSWER)[0]


def test_a_rule_keeps_its_exception() -> None:
    """And the exception its rule, and what points back what it points at."""
    exception = "However, what was on sale is not taken back."
    assert (
        shown("All is taken back. However, not on Sundays. We are nice.", "All")
        == "All is taken back. However, not on Sundays."
    )
    assert shown(ANSWER, "This does not apply").startswith("## What you need")
    assert exception in shown(ANSWER, "This does not apply")


def test_lists_and_tables_mark_their_gaps() -> None:
    """One mark for each gap, with the list's own sign; prose has none."""
    assert shown(ANSWER, "- The receipt", "- Something") == (
        "## What you need\n\nPlease bring these things with you:\n\n- The receipt.\n- …\n- Something that shows who you are"
    )
    assert "| What | Days | Fee |\n|---|---:|---:|\n| … |\n| Hats and" in shown(ANSWER, "| Hats")
    assert shown(ANSWER, "Yes", "In short") == (
        "Yes, a hat can be returned within 30 days of the day you bought it.\n\n## What you need\n\n### How it works\n\n"
        "In short: 30 days, with the receipt, and not if it was on sale."
    )


def test_a_nested_item_brings_the_one_above() -> None:
    """With the list's announcement."""
    said = shown(ANSWER, "- it has")
    assert said.endswith(
        "- …\n- Your customer number, which is printed on the invoice\n  - …\n  - it has eight digits\n- …"
    )


def test_the_question_decides() -> None:
    """What is asked for comes first."""
    short = rungs(ANSWER, "What does it cost to return something to wear on the head?")[4]
    assert "Hats and other things to wear on the head | 30 | 2.50" in short


@pytest.mark.parametrize("text", ['{"a": "One. Two."}', "[1, 2]", "<p>One. Two.</p>", "", "  \n", "One sentence."])
def test_what_is_no_prose_gets_no_ladder(text: str) -> None:
    """JSON and markup are not touched; one sentence is as short as it gets."""
    assert isinstance(AnswerText().propose(text, Ask(CharCounter())), Skip)


def test_the_pieces_of_an_answer() -> None:
    """What each line is taken for."""
    parts = [piece.part for piece in pieces_of(ANSWER)]
    assert parts.count(Part.ITEM) == 9
    assert parts.count(Part.ROW) == 3
    assert [parts.count(part) for part in (Part.HEAD, Part.FIXED, Part.RULE, Part.HEADING, Part.SOURCE)] == [
        1,
        1,
        1,
        2,
        2,
    ]
    assert GAP not in ANSWER
