"""The reducer of prose, Markdown and transcripts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.selector import Judged, Sections
from sparing.errors import DeadlineExceeded
from sparing.reducers.packing import PackedLadder
from sparing.reducers.prose import Prose
from sparing.testing import check_reducer
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for

REPORT = (
    "# Harbour report\n\n"
    "The harbour of Odessa handled 4,100 ships last year. Most of them carried grain. Dr. Ivanova, who runs the port, "
    "calls it a good year. The weather was mild.\n\n"
    "## Accidents\n\n"
    "There was one accident. The ferry Aurora hit the north pier on 3 March. Nobody was hurt, but the pier was closed "
    "for 11 days. Repairs cost 2.4 million euros.\n\n"
    "## Staff\n\n"
    "The port employs 870 people. Forty of them were hired in spring. Their union asked for higher pay. It was granted "
    "in June.\n"
)
CHAT = "".join(
    f"{name}: {text}\n"
    for name, text in [
        ("Ann", "Good morning everybody."),
        ("Bob", "Shall we begin with the budget?"),
        ("Ann", "It is forty thousand euros for the whole year."),
        ("Cy", "I think that is too much for a remote control."),
        ("Bob", "Then we drop the rubber case."),
        ("Cy", "Fine with me."),
        ("Ann", "Next is lunch."),
        ("Bob", "Pizza again, I suppose."),
    ]
)
CHINESE = (
    "华沙的第一家文艺歌厅是摩摩斯。它在1870年开始运营。这座剧院很大，也很漂亮。\n\n后来它在战争中被毁。人们感到很难过。"
)


def ladder(text: str, question: str = "", pins: tuple[str, ...] = ()) -> PackedLadder:
    offer = Prose().propose(text, Ask(counter_for("gpt-4o"), Question(question) if question else None, pins))
    assert not isinstance(offer, Skip)
    return offer


def at_most(text: str, kept: float, question: str = "", pins: tuple[str, ...] = ()) -> str:
    """The longest rendition within this share of the text's tokens."""
    built = ladder(text, question, pins)
    budget = kept * built.tokens[-1]
    return built.render(max(r for r, tokens in enumerate(built.tokens) if tokens <= budget)).text


def test_it_keeps_the_contract():
    """Deterministic, never larger, lossless at the top, marked gaps, pins, deadline, hostile input."""
    check_reducer(Prose(), [REPORT, CHAT, CHINESE], "What did the repairs of the pier cost, and what is dropped?")


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (REPORT, "How much did the repairs cost?", "2.4 million"),
        (REPORT, "Which ship collided with the pier?", "Aurora"),
        (REPORT, "How many people work at the port?", "870"),
        (CHAT, "What is left out because of the budget?", "rubber case"),
        (CHINESE, "它是哪一年开始运营的？", "1870"),
    ],
)
def test_the_answer_stays_at_a_third(text, question, answer):
    """The sentence that answers is among the first."""
    assert answer in at_most(text, 0.4, question)


def test_gaps_are_marked_and_paragraphs_stay_apart():
    """A gap inside a paragraph reads as one, a gap over its end keeps the break."""
    text = at_most(REPORT, 0.35, "When did the ferry hit the pier?")
    assert "[…] " in text or "[…]\n\n" in text
    assert "\n\n" in text
    assert all(part.strip(" \n") in REPORT for part in text.split("[…]"))


def test_turns_are_whole_lines():
    """A transcript keeps who said it."""
    text = at_most(CHAT, 0.5, "What does the budget allow?")
    assert all(line in CHAT or line == "[…]" for line in text.splitlines())
    assert ladder(CHAT).render(0).unit == "turns"


def test_pins_hold_every_unit_that_has_them():
    """Also where a pin runs over the end of a sentence."""
    text = at_most(REPORT, 0.0 + 0.3, "grain", pins=("one accident. The ferry",))
    assert "There was one accident. The ferry Aurora" in text


def test_what_the_question_names_literally_comes_early():
    """A unit with the identifier is in the text as soon as there is room for a few."""
    text = REPORT + "\n\nThe old crane has the number KR-4711. It is painted yellow.\n"
    assert "KR-4711" in at_most(text, 0.35, "What did the repairs of the north pier and of KR-4711 cost?")


def test_without_a_question_facts_come_first():
    """Names and numbers before "The weather was mild.\""""
    text = at_most(REPORT, 0.5)
    assert "4,100" in text
    assert "The weather was mild." not in text


def test_no_room_is_left_that_a_unit_would_fit():
    """Units without a single word of the question still have some worth."""
    worth = ladder(REPORT, "Which ship collided with the pier?").worth
    assert all(a < b for a, b in zip(worth[:-1], worth[1:], strict=True))


@pytest.mark.parametrize(
    ("text", "reason"), [("", "blank"), (" \n ", "blank"), ("One.", "one"), ("a\0b. C d.", "binary")]
)
def test_it_says_why_it_offers_nothing(text, reason):
    """A no-op has a reason."""
    offer = Prose().propose(text, Ask(CharCounter()))
    assert isinstance(offer, Skip)
    assert reason in offer.reason


def test_an_expired_deadline_is_reported():
    """Late is late, even for a short text."""
    with pytest.raises(DeadlineExceeded):
        Prose().propose(REPORT, Ask(CharCounter(), deadline=Deadline(at_s=0.0)))


@given(
    st.lists(
        st.sampled_from(["Ann: hi.\n", "The end. ", "\n\n", "# x\n", "1. ", "Yes! ", "中文。", "a", "\ud83d "]),
        max_size=60,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_mix_the_top_rung_is_the_text(parts):
    """Odd mixtures give a ladder or a reason; nothing is lost at the top and nothing grows below it."""
    text = "".join(parts)
    offer = Prose().propose(text, Ask(CharCounter(), Question("Who is Ann?")))
    if isinstance(offer, Skip):
        return
    assert offer.render(len(offer.tokens) - 1).text == text
    for rung in range(0, len(offer.tokens), 7):
        assert CharCounter().count(offer.render(rung).text) <= CharCounter().count(text)


class _Fixed:
    """A selector that gives every unit but one the same chance."""

    def __init__(self, best: float) -> None:
        self.best = best

    def judge(self, text: str, sections: Sections, *_: object) -> Judged:
        return Judged([1e-5] * (len(sections.bounds) - 2) + [self.best], "encoder", 1.0)


def test_a_selector_chooses_what_no_word_tells() -> None:
    """A unit that answers in other words comes first; where none does, what is central."""
    text = (
        "Rain fell on Monday.\n\nSnow fell on Tuesday.\n\nHe was born in 1780 near the lake.\n\nAll went home again.\n"
    )
    asked = Ask(CharCounter(), Question("Birthplace?"))
    sure, unsure = (Prose().propose(text, replace(asked, selector=_Fixed(best))) for best in (0.9, 0.01))
    assert not isinstance(sure, Skip)
    assert not isinstance(unsure, Skip)
    assert "went home" in sure.render(1).text
    assert sure.render(1).judged_by == "encoder"
    plain = Prose().propose(text, asked)
    assert not isinstance(plain, Skip)
    assert [unsure.render(r).text for r in range(3)] == [plain.render(r).text for r in range(3)]
