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


def test_who_speaks_and_what_only_joins_come_after_what_is_said() -> None:
    """No label and no full stop among the pieces that tell something, and "in" after "Porto"."""
    pieces, order, said = ordered("Ann: I live in Porto. It rains.\nBo: Really?\nAnn: Yes, since 4 May.\n")
    telling = {said[piece] for piece in order.pieces[: order.num_telling]}
    assert not telling & {"Ann:", "Bo:", ".", "?"}
    place = {said[piece]: at for at, piece in enumerate(order.pieces)}
    assert place["Porto"] < place["in"] < place["Ann:"]
    assert {said[piece] for piece in pieces.labels} == {"Ann:", "Bo:"}


def test_a_name_in_small_letters_is_known_by_the_word_before_it() -> None:
    """What something is called counts as a name."""
    assert worth("Bo: It is called quick jog.\n", "quick jog") > 2 * worth("Bo: It is a quick jog.\n", "quick jog")


def test_contractions_of_common_words_tell_nothing() -> None:
    """ "that'll" is no rare word."""
    assert weight("that'll ") == weight("what's ") == 0


@pytest.mark.parametrize(("near", "far"), [("lantern", "wagon"), ("wagon", "lantern")])
def test_a_piece_beside_a_better_one_costs_no_mark(near: str, far: str) -> None:
    """Of two phrases the one next to a date comes first."""
    _, order, said = ordered(f"Bo: Well, for a {far}. Lima 4 May for a {near}.\n")
    place = {said[piece]: at for at, piece in enumerate(order.pieces)}
    assert place[f"for a {near}"] < place[f"for a {far}"]


def test_the_order_has_every_piece_once() -> None:
    """Nothing is lost and nothing twice."""
    pieces, order, _ = ordered("Ann: I live in Porto.\nno one\nBo: Really?\n")
    assert sorted(order.pieces) == list(range(len(pieces.bounds) - 1))
