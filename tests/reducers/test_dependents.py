"""What a sentence does not hold without is kept with it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.api import reduce_text
from sparing.reducers.dependents import with_dependents
from sparing.reducers.sentences import sentence_bounds

FILLER = "The canteen opens at noon. Lamps are switched off by the caretaker. Newspapers are on the table. "


def raised(text: str, best: str) -> str:
    """The unit that is worth most beside the one that holds `best`."""
    bounds = sentence_bounds(text)
    units = [text[a:b] for a, b in pairwise(bounds)]
    scores = with_dependents(text, bounds, [1.0 if best in unit else 0.1 for unit in units])
    other = max((i for i, unit in enumerate(units) if best not in unit), key=scores.__getitem__)
    assert scores[other] > 0.8
    return units[other].strip()


@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        ("The cap is 400 euros in all.", "This does not apply to fraud."),
        ("The cap is 400 euros in all.", "However, fraud is another matter."),
        ("Die Frist ist sieben Wochen lang.", "Dies gilt nicht in der Probezeit."),
        ("El plazo es de siete semanas.", "Quedan excluidas las de abono, salvo que el acto se anule."),
        ("Le délai est de sept semaines.", "Toutefois, il est plus court en été."),
        ("期限为七个星期，从收到之日起计算。", "但试用期内不适用此规定的期限。"),
    ],
)
def test_an_exception_goes_with_its_rule(rule: str, limit: str) -> None:
    """The sentence behind the best one, where it begins as a limit of it."""
    assert raised(f"{FILLER}{rule} {limit} {FILLER}", rule[:12]).startswith(limit.split("，")[0].split(",")[0][:8])


def test_an_exception_in_another_paragraph_limits_something_else() -> None:
    """Only the paragraph counts."""
    text = f"{FILLER}The cap is 400 euros.\n\nThis does not apply to fraud. {FILLER}"
    bounds = sentence_bounds(text)
    best = next(i for i, (a, b) in enumerate(pairwise(bounds)) if "cap" in text[a:b])
    scores = [float(i == best) for i in range(len(bounds) - 1)]
    assert with_dependents(text, bounds, scores) == scores


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Subject to clause 7.2, invoices are paid late.", "7.2 Half of the price is due on order."),
        ("Cars are paid at the rate in Appendix C, always.", "Appendix C. Cars earn 0.42 per km on any road."),
        ("The fee follows item 4 of the Schedule, as agreed.", "Item 4: 26 weeks from completion of the works."),
        ("Die Strafe folgt Abschnitt 4.3, wie vereinbart.", "4.3 Die Strafe beträgt ein halbes Prozent je Woche."),
        ("Guarantee on the pump: 24 months*", "* 12 months with salt water in the circuit"),
        ('It is due after the Acceptance Date, in cash.', '"Acceptance Date" means the day of the last test run.'),
        ("8.1 The Consultant may leave on 30 days' notice.", 'In clause 8.1, "30 days" is replaced by "75 days".'),
    ],
)  # fmt: skip
def test_a_reference_brings_along_what_it_points_at(source: str, target: str) -> None:
    """Clauses, annexes, footnotes, definitions; and the clause that changes a clause."""
    assert raised(f"{source}\n\n{FILLER}\n\n{FILLER}\n\n{target}\n\n{FILLER}", source[:20]) == target


def test_what_the_whole_text_is_about_needs_no_definition() -> None:
    """Its definition would come with every sentence; one that says a number, or of a rare term, still comes."""
    common = '"Supplier" means the company named above. "Period" means 30 days. "Handover" means the last test run.'
    rules = [f"The Supplier cleans hall {n} each Period." for n in range(20)]
    text = f"{common}\n\n{FILLER}\n\n{' '.join(rules)} The Supplier pays at Handover."
    bounds = sentence_bounds(text)
    units = [text[a:b] for a, b in pairwise(bounds)]
    scores = with_dependents(text, bounds, [float("pays" in unit or "hall 3 " in unit) for unit in units])
    kept = [unit.strip() for unit, score in zip(units, scores, strict=True) if 0.8 < score < 1]
    assert kept == ['"Period" means 30 days.', '"Handover" means the last test run.']


def test_a_term_is_a_word_of_its_own() -> None:
    """A user is no use."""
    text = f'"Use" means to play back.\n\n{FILLER}\n\nThe EndUse counts. {FILLER}'
    bounds = sentence_bounds(text)
    scores = [float("EndUse" in text[a:b]) for a, b in pairwise(bounds)]
    assert with_dependents(text, bounds, scores) == scores


def test_a_row_brings_the_head_of_its_table() -> None:
    """The line with the units, and what the numbers count."""
    table = (
        "Figures in thousands.\n\n| Region | Sales |\n|---|---|\n| South | 412 |\n| North | 318 |\n| East | 214 |\n\n"
    )
    text = f"{FILLER}\n\n{table}{FILLER}"
    bounds = sentence_bounds(text)
    units = [text[a:b] for a, b in pairwise(bounds)]
    scores = with_dependents(text, bounds, [float("North" in unit) for unit in units])
    kept = [unit.strip() for unit, score in zip(units, scores, strict=True) if score > 0.8]
    assert kept == ["Figures in thousands.", "| Region | Sales |", "|---|---|", "| North | 318 |"]


def test_a_row_of_a_list_brings_the_line_that_opens_it() -> None:
    """The nearest line above that is no row, and a note below."""
    text = f"{FILLER}\n\nSummer (minutes)\nGraz: 171\nWels: 154\nWinter (minutes)\nGraz: 198\nWels: 185\n\n{FILLER}"
    assert raised(text, "Graz: 198") == "Winter (minutes)"


def test_warnings_count_when_nobody_asks() -> None:
    """A warning and what it forbids stay where a quarter does."""
    text = "\n\n".join(
        [FILLER, FILLER, "WARNING: the lid is hot. Never touch it with bare hands.", FILLER, FILLER, FILLER]
    )
    kept = reduce_text(text, keep=0.3).text
    assert "WARNING: the lid is hot. Never touch it with bare hands." in kept


@given(st.text(alphabet="ab.?|:*(1) \n§", max_size=200), st.data())
def test_scores_are_only_raised_and_never_above_the_best(text: str, data: st.DataObject) -> None:
    """Whatever the text, no unit loses worth and none beats what was best."""
    bounds = sentence_bounds(text)
    size = len(bounds) - 1
    scores = data.draw(st.lists(st.floats(0, 9), min_size=size, max_size=size))
    new = with_dependents(text, bounds, scores)
    assert all(a <= b <= max(scores) for a, b in zip(scores, new, strict=True))
