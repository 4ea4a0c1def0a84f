"""Answers held to the passages that they cite."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cited_sources import GAME, PETS, numbered
from hypothesis import given
from hypothesis import strategies as st

from sparing.finish.citations import UNSUPPORTED, Checks, check_citations

SOURCES = numbered(GAME, PETS)


def test_a_claim_that_its_passage_bears_out_stays_as_it_is() -> None:
    """Letter for letter, with the passage's words, source and place."""
    checked = check_citations("The Denver Broncos won Super Bowl 50 [1].", SOURCES)
    assert checked.answer == checked.said
    (citation,) = checked.citations
    assert (citation.number, citation.source, citation.place, citation.how) == (1, "doc1.md", "lines 1-3", "borne out")
    assert citation.quote == "The Denver Broncos won Super Bowl 50 on February 7, 2016."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Tenants may keep pets of up to 12 kg [2].", "[2]: 12 is not said there"),
        ("The Carolina Panthers won Super Bowl 50 [1].", "[1]: carolina is not named there"),
        ("Tenants may not keep pets of up to 10 kg [2].", "[2]: one of the two denies what the other says"),
        ("Dogs of listed breeds are allowed [2].", "[2]: one of the two denies what the other says"),
        ("Tenants may keep pets of up to 10 kg [9].", "there is no passage 9"),
        (
            'The rules say "dogs of listed breeds are always welcome" [2].',
            "“dogs of listed breeds are always welcome” is not in [2]",
        ),
        ("Cats purr when somebody strokes their fur gently [2].", "[2]: only 0% of its words are there"),
    ],
)
def test_what_a_passage_does_not_say_is_marked(answer: str, why: str) -> None:
    """A changed number or name, a negation more or less, no such passage, no such quotation, other words."""
    checked = check_citations(answer, SOURCES, checks=Checks(attach=False))
    assert checked.answer == f"{answer} {UNSUPPORTED}"
    assert [claim.why for claim in checked.unsupported] == [why]
    assert not checked.grounded


def test_the_wrong_passage_is_put_right_or_marked() -> None:
    """As the policy says."""
    said = "Tenants may keep pets of up to 10 kg [1]."
    assert check_citations(said, SOURCES).answer == "Tenants may keep pets of up to 10 kg. [2]"
    assert check_citations(said, SOURCES, checks=Checks(attach=False)).answer == f"{said} {UNSUPPORTED}"


def test_a_sentence_without_a_citation_is_held_to_those_of_its_paragraph() -> None:
    """Nothing is added to it; in a paragraph without any, we cite and say so."""
    said = "Tenants may keep pets. Dogs of listed breeds are not allowed [2]."
    assert check_citations(said, SOURCES).answer == said
    cited = check_citations("Tenants may keep pets.", SOURCES)
    assert (cited.answer, cited.citations[0].how) == ("Tenants may keep pets. [2]", "aligned")


def test_what_is_not_supported_can_be_taken_out() -> None:
    """The rest of the answer stays."""
    said = "Tenants may keep pets of up to 10 kg [2]. The deposit is $900 [2]. It is returned within 30 days [2]."
    kept = check_citations(said, SOURCES, checks=Checks(unsupported="remove")).answer
    assert kept == "Tenants may keep pets of up to 10 kg [2]. It is returned within 30 days [2]."


def test_numbers_are_compared_by_value() -> None:
    """Digits or words, grouped or not."""
    for claim in ("The deposit is 1200 dollars [2].", "The deposit is returned within 30 days [2]."):
        assert check_citations(claim, SOURCES, checks=Checks(attach=False)).grounded, claim


def test_a_table_in_thousands_bears_out_millions() -> None:
    """5,200 in thousands is 5.2 million."""
    table = numbered("(in thousands)\n| | 2019 | 2018 |\n| Net revenue | 5,200 | 4,100 |")
    assert check_citations("Net revenue in 2019 was $5.2 million [1].", table).grounded
    assert not check_citations("Net revenue in 2019 was $6.2 million [1].", table).grounded


def test_code_and_json_are_left_alone() -> None:
    """Not judged, not changed."""
    code = "```python\nprint('pets weigh 99 kg [2]')\n```\n"
    checked = check_citations(f"{code}Pets weigh 99 kg [2].", SOURCES, checks=Checks(attach=False))
    assert checked.answer == f"{code}Pets weigh 99 kg [2]. {UNSUPPORTED}"
    body = json.dumps({"answer": "Pets weigh 99 kg [2]."})
    assert check_citations(body, SOURCES).answer == body


def test_an_answer_that_says_it_has_none_claims_nothing() -> None:
    """It is not marked."""
    said = "The passages do not say who owns the house."
    assert check_citations(said, SOURCES).claims == ()


def test_a_short_answer_is_read_with_the_question() -> None:
    """The same two words to another question rest on nothing."""
    asked = check_citations("Santa Clara", SOURCES, question="In which city was Super Bowl 50 played?")
    assert asked.answer == "Santa Clara [1]"
    assert not check_citations("Santa Clara", SOURCES, question="Where does the landlord deposit umbrellas?").grounded


def test_marks_of_what_was_left_out_bear_out_nothing() -> None:
    """The 12 in [… 12 lines] is no number of the source."""
    sent = [replace(SOURCES[1], text="Tenants may keep pets of up to 10 kg. [… 12 lines]")]
    assert not check_citations("Tenants may keep pets of up to 12 kg [2].", sent).grounded


@given(st.text(alphabet=st.sampled_from('ab 1[],.-"“”>`~\n{}#*'), max_size=80))
def test_whatever_is_said_only_gains_marks(said: str) -> None:
    """Without its marks, what is shown is what was said."""
    shown = check_citations(said, SOURCES, checks=Checks(attach=False)).answer
    assert shown.replace(f" {UNSUPPORTED}", "") == said
    assert check_citations(said, SOURCES, checks=Checks("keep", attach=False)).answer == said
