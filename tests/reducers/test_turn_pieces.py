"""Turns are cut into pieces that can stand alone, and the pieces are the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.reducers.turn_pieces import cut_turns
from sparing.testing import hostile_texts, sample_texts


def pieces(text: str) -> list[str]:
    """The pieces of a text."""
    bounds = cut_turns(text).bounds
    return [text[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("I want a table for 2 people at 7 pm.", "2 people "),
        ("I want a table for 2 people at 7:30 p.m. please", "7:30 p.m. "),
        ("I'd like to leave on the 1st.", "the 1st"),
        ("at half past 3 in the afternoon please", "half past 3 in the afternoon "),
        ("Can I come on the 5th of this month?", "the 5th of this month"),
        ("Maybe the day after tomorrow at noon?", "the day after tomorrow "),
        ("I bank with Bank of America, mostly.", "Bank of America"),
        ("We fly from Fresno, CA on Monday.", "from Fresno, CA "),
        ("Can I see The Man Who Knew Too Much again?", "The Man Who Knew Too Much "),
        ("She met David A. Flakoll there.", "David A. Flakoll "),
        ("I have to go to Las Vegas now.", "to Las Vegas "),
        ("We do not want to eat at the station, thanks.", "not want to eat at the station"),
        ("I don't smoke.", "don't smoke"),
        ("For one in the afternoon, please.", "one in the afternoon"),
        ("It is called leave for home.", "called leave for home"),
        ("We come from the harbour of Lima.", "Lima"),
    ],
)
def test_a_value_is_one_piece_with_what_joins_it_on(said: str, phrase: str) -> None:
    """Dates, times, names and what a negation negates are not torn apart."""
    assert any(phrase in piece for piece in pieces(f"USER: {said}\n"))


@pytest.mark.parametrize(
    ("said", "lead"),
    [
        ("We live in Lima.", "in "),
        ("There's an Andean Air flight.", "There's an "),
        ("The ticket is $40.", "is "),
        ("We fly from Lima.", ""),
        ("A table for 2, please.", ""),
        ("We meet on this Friday.", "on "),
    ],
)
def test_what_a_name_can_do_without_is_a_piece_of_its_own(said: str, lead: str) -> None:
    """Not where it tells one thing from another, as "from" or the "for" of a bare number do, nor a part of a date."""
    cut = cut_turns(f"Bo: {said}\n")
    text = "".join(cut.tokens)
    leads = [text[cut.bounds[piece] : cut.bounds[piece + 1]] for piece in cut.leads()]
    assert leads == [lead] * bool(lead)


def test_a_speaker_is_a_piece_of_its_own() -> None:
    """Every piece of a turn knows the piece that names its speaker."""
    cut = cut_turns("A line of no one.\n[10:12] Ana Sol (chair): Yes, at 10:30.\n<bo> No.\n")
    labels = sorted(set(cut.label_of))
    assert labels[0] == -1
    assert ["".join(cut.tokens[cut.firsts[i]]) for i in labels[1:]] == ["[10:12] Ana Sol (chair): ", "<bo> "]


def test_a_question_is_seen_where_it_ends() -> None:
    """Only the piece with the question mark asks."""
    cut = cut_turns("A: Where do you live? In Rome.\n")
    assert len(cut.asks) == 1


@pytest.mark.parametrize("text", [*hostile_texts().values(), *sample_texts()[Content.DIALOGUE]])
def test_the_pieces_are_the_text(text: str) -> None:
    """Nothing lies between the pieces, whatever the text."""
    assert "".join(pieces(text)) == text


@given(st.text(alphabet="aAI12:.,;?!'’\"()[]<>-$ \n\t…。客：äß"))
def test_the_pieces_of_any_text_are_the_text(text: str) -> None:
    """The same for random strings of what the cutter looks at."""
    assert "".join(pieces(text)) == text
