"""What a question finds in talk: the right speaker, the answer after a question, times and the dates over sessions."""

from __future__ import annotations

import pytest

from sparing.core.deadline import Deadline
from sparing.reducers.passages import lay_out
from sparing.reducers.speakers import speaker_at
from sparing.reducers.turn_evidence import turn_evidence

SMALL_TALK = "Ana: That is nice to hear.\nBo: Yes, I think so too.\n"
TALK = (
    "[1:00 pm on 8 May, 2023]\n"
    + SMALL_TALK * 4
    + "Bo: My violin lesson was great fun.\nAna: I had a violin lesson as well.\n"
    + SMALL_TALK * 4
    + "[2:00 pm on 3 July, 2024]\n"
    + SMALL_TALK * 4
    + "Bo: Which instrument did you sell?\nAna: The old cello, I sold it last week.\nBo: I sold nothing.\n"
    + SMALL_TALK * 4
)


def best(question: str) -> list[str]:
    """The lines, those with the best score first."""
    layout = lay_out(TALK, Deadline())
    scores = turn_evidence(TALK, layout, question, Deadline())
    lines = [TALK[a:b].strip() for a, b in zip(layout.bounds, layout.bounds[1:], strict=False)]
    return [lines[i] for i in sorted(range(len(lines)), key=lambda i: -scores[i])]


def test_who_is_asked_about_counts() -> None:
    """The same words said by the one who is named come first."""
    assert best("Did Ana have a violin lesson?")[0].startswith("Ana: I had a violin")
    assert best("Did Bo have a violin lesson?")[0].startswith("Bo: My violin")


def test_an_answer_comes_with_its_question() -> None:
    """The answer lacks the word that the question before it has."""
    assert "Ana: The old cello, I sold it last week." in best("Which instrument did Ana part with?")[:2]


def test_when_brings_the_time_and_the_date_of_the_session() -> None:
    """A turn that says a time comes first, the date over its session with it; another session's does not."""
    lines = best("When did Ana sell the cello?")
    assert lines[0] == "[2:00 pm on 3 July, 2024]"
    assert lines[1] == "Ana: The old cello, I sold it last week."
    assert lines.index("[1:00 pm on 8 May, 2023]") > 4


def test_a_date_in_the_question_is_that_of_a_session() -> None:
    """Turns of the session with that date come before those of the other."""
    lines = best("Who spoke of a lesson or a sale in July 2024?")
    assert lines.index("Bo: I sold nothing.") < lines.index("Bo: My violin lesson was great fun.")


@pytest.mark.parametrize(
    ("line", "speaker"),
    [
        ("Ann: hi", "Ann"),
        ("[10:12] Ann Low: hi", "Ann Low"),
        ("10:12:30 Ann: hi", "Ann"),
        ("Hon. A. Berg (North, Ind.): hi", "Hon. A. Berg (North, Ind.)"),
        ("<ann> hi", "ann"),
        ("安：你好", "安"),
        ("[1:56 pm on 8 May, 2023]", ""),
        ("no one", ""),
        ("http://example.org", ""),
    ],
)
def test_speakers_are_read_in_the_forms_of_chats(line: str, speaker: str) -> None:
    """The name without stamps and marks; "" for lines that nobody says."""
    assert speaker_at(line, 0) == speaker
