"""What a phrase is worth depends on what it tells, who says it, and what becomes of it."""

from __future__ import annotations

import pytest

from sparing.reducers.turn_order import Order, order_pieces
from sparing.reducers.turn_pieces import Pieces, cut_turns
from sparing.reducers.turn_words import answers, weight
from sparing.tokens.models import counter_for


def ordered(text: str) -> tuple[Pieces, Order, list[str]]:
    """The pieces of a text, their order, and their words."""
    pieces = cut_turns(text)
    order = order_pieces(pieces, counter_for("gpt-4o").split(text, pieces.bounds), 1)
    said = [text[a:b].strip() for a, b in zip(pieces.bounds, pieces.bounds[1:], strict=False)]
    return pieces, order, said


def worth(text: str, phrase: str) -> float:
    """Of the best piece with these words."""
    _, order, said = ordered(text)
    return max(value for value, words in zip(order.worth, said, strict=True) if phrase in words)


def test_dates_names_and_numbers_tell_more_than_words_and_those_more_than_phrases_of_politeness() -> None:
    """The weights of single words fall in this order."""
    told = [weight(word) for word in ("7:30 ", "Lima ", "harbour ", "people ", "please ")]
    assert told == sorted(told, reverse=True)
    assert told[-1] == 0


@pytest.mark.parametrize(
    ("answer", "made"),
    [("Yes, that works.", "taken up"), ("No, thanks.", "refused"), ("Is there another one?", "refused"), ("Hm.", "")],
)
def test_an_offer_counts_by_the_answer_to_it(answer: str, made: str) -> None:
    """Taken up more than left open, left open more than refused."""
    assert answers(answer.replace(",", " ,").split()) == made
    worths = [worth(f"AGENT: How about Porto?\nUSER: {reply}\n", "Porto") for reply in ("Yes.", "Hm.", "No.")]
    assert worths == sorted(worths, reverse=True)
    assert len(set(worths)) == 3


def test_what_a_user_wishes_counts_more_than_what_an_assistant_offers() -> None:
    """The same name, asked for and offered."""
    assert worth("USER: I like Porto.\nAGENT: Hm.\n", "Porto") > worth("AGENT: I like Porto.\nUSER: Hm.\n", "Porto")


def test_the_first_word_of_a_sentence_is_no_name_for_its_capital() -> None:
    """The same word inside a sentence is."""
    assert worth("Bo: Tickets are here.\n", "Tickets") < worth("Bo: These are Tickets here.\n", "Tickets")


def test_a_label_never_comes_before_a_phrase_of_its_turn() -> None:
    """And a full stop not before what it ends."""
    pieces, order, _ = ordered("Ann: I live in Porto. It rains.\nBo: Really?\nAnn: Yes, since 4 May.\n")
    place = {piece: at for at, piece in enumerate(order.pieces)}
    for label in {label for label in pieces.label_of if label >= 0}:
        turn = [piece for piece, of in enumerate(pieces.label_of) if of == label and piece != label]
        telling = [piece for piece in turn if order.worth[piece] > 0.1]
        assert not telling or min(place[piece] for piece in telling) < place[label]
    assert all(place[piece] > min(place[piece - 1], place[piece + 1]) for piece in pieces.ends()[:-1])


def test_the_order_has_every_piece_once() -> None:
    """Nothing is lost and nothing twice."""
    pieces, order, _ = ordered("Ann: I live in Porto.\nno one\nBo: Really?\n")
    assert sorted(order.pieces) == list(range(len(pieces.bounds) - 1))
