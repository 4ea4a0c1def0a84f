"""Answers without a model, and saying no."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cited_sources import GAME, PETS, gathered, numbered

from sparing.core.content import Content
from sparing.finish.grounded.answer import Grounded, Grounding, grounded_answer
from sparing.finish.grounded.extract import Sentence, extract, quoted, told
from sparing.finish.grounded.prompt import GroundedPrompt
from sparing.finish.grounded.refuse import gave_up
from sparing.retrieval import Retrieved, Source

SOURCES = numbered(GAME, PETS)


@pytest.mark.parametrize("select", ["rules", "auto"])
def test_the_sentence_that_answers_is_given_word_for_word(select: str) -> None:
    """With its citation."""
    found = extract("Who won Super Bowl 50?", SOURCES, select=select)  # type: ignore[arg-type]
    assert told(found) == "The Denver Broncos won Super Bowl 50 on February 7, 2016. [1]"


def test_an_exception_comes_along() -> None:
    """What limits the answer is part of it, though it has no word of the question."""
    found = extract("May I keep pets?", numbered("Tenants may keep pets. However, snakes need consent. Rent is due."))
    assert [sentence.text for sentence in found] == ["Tenants may keep pets.", "However, snakes need consent."]


def test_what_is_given_word_for_word_bears_itself_out() -> None:
    """However it is written: each sentence is a claim, cited where it stands, with its own words."""
    first = 'With `audit = "required"` a line is written before anything is sent, and 503 is said where it cannot be;'
    second = "Lines are kept for `audit_days` (90)."
    sources = numbered(f"{first}\n{second} Rent is due.")
    checked = quoted([Sentence(sources[0], 0, first, 0.9), Sentence(sources[0], len(first) + 1, second, 0.8)])
    assert checked.answer == f"{first} [1] {second} [1]"
    assert [checked.answer[claim.start : claim.end] for claim in checked.claims] == [f"{first} [1]", f"{second} [1]"]
    assert [(one.quote, one.how) for one in checked.citations] == [(first, "exact"), (second, "exact")]
    assert not checked.unsupported


@pytest.mark.parametrize("select", ["rules", "auto"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Ann: When do we ship the kettles?\nBob: On the fifth of May.\nAnn: Good.", "Bob: On the fifth of May."),
        ("When do we ship? Who asks?\nOn the fifth of May, by rail.", "On the fifth of May, by rail."),
        ("When do we ship the kettles?", "When do we ship the kettles?"),
    ],
)
def test_a_question_is_no_answer(text: str, answer: str, select: str) -> None:
    """In talk and in lists of questions what follows it is; where nothing does, it is all that there is."""
    passage = replace(numbered(text)[0].passage, content=Content.DIALOGUE)
    source = Source(1, passage, text, 0, 0.9, (passage,))
    found = extract("When do we ship the kettles?", [source], select=select)  # type: ignore[arg-type]
    assert [sentence.text for sentence in found] == [answer]


def test_nothing_is_made_of_nothing() -> None:
    """No passages, or none with a word of the question."""
    assert extract("Who?", []) == []
    assert extract("Which zebra?", numbered("Rent is due."), select="rules") == []
    assert told([]) == ""


@pytest.mark.parametrize(
    ("answer", "gave"),
    [
        ("The passages do not say who won.", True),
        ("I cannot find this information in the sources.", True),
        ("", True),
        ("Dogs are not allowed.", False),
        ("Denver Broncos", False),
    ],
)
def test_an_answer_that_has_none_is_known(answer: str, gave: bool) -> None:
    """A denial of something is an answer all the same."""
    assert gave_up(answer) is gave


class Model:
    """Says the next of its lines."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.asked: list[GroundedPrompt] = []

    async def __call__(self, prompt: GroundedPrompt) -> str:
        self.asked.append(prompt)
        return self.lines.pop(0)


async def fetch(budget_tokens: int) -> Retrieved:
    """More of the sources with a larger budget."""
    return gathered(SOURCES[:1] if budget_tokens < 200 else SOURCES)


async def ask(model: Model, **options: float) -> Grounded:
    return await grounded_answer("May I keep pets?", fetch, model, Grounding(100, **options))  # type: ignore[arg-type]


async def test_an_answer_that_is_borne_out_is_asked_for_once() -> None:
    """And its budget is the one given."""
    model = Model("The Denver Broncos won Super Bowl 50 [1].")
    answer = await ask(model)
    assert (answer.answer, answer.abstained, answer.widened) == ("The Denver Broncos won Super Bowl 50 [1].", "", False)


async def test_where_nothing_is_borne_out_more_is_read_once() -> None:
    """The second answer counts."""
    model = Model("The passages do not say.", "Tenants may keep pets of up to 10 kg [2].")
    answer = await ask(model)
    assert (answer.answer, answer.widened, len(model.asked)) == ("Tenants may keep pets of up to 10 kg [2].", True, 2)


async def test_after_that_it_is_refused_by_what_was_looked_at() -> None:
    """Politely, with the sources named."""
    answer = await ask(Model("Cats cost $99 [1].", "Cats cost $98 [1]."))
    assert answer.answer == (
        "I found no answer to this in what I may read. I looked at doc1.md, lines 1-3; doc2.md, lines 2-4."
    )
    assert answer.abstained == "nothing in the model's answer is borne out by the passages"


async def test_an_unlikely_passage_is_not_shown_to_the_model() -> None:
    """Nobody is asked."""
    model = Model()
    answer = await ask(model, least_chance=0.95)
    assert answer.abstained == "no passage is likely to answer (best 0.90, needed 0.95)"
    assert model.asked == []


async def test_no_escalation_where_the_policy_forbids_it() -> None:
    """Asked once."""
    model = Model("The passages do not say.")
    assert (await ask(model, wider=1.0)).abstained == "the model found no answer"


async def test_unchecked_is_as_the_model_said_it() -> None:
    """Whatever it is."""
    answer = await ask(Model("Cats cost $99 [1]."), check=False)
    assert (answer.answer, answer.checked) == ("Cats cost $99 [1].", None)
