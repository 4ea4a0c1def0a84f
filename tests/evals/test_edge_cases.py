"""The edge cases: large, varied, fair, and scored so that no trick pays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.edge_cases import make_all
from sparing.evals.edge_cases.read import held_out, kernels
from sparing.evals.literal import visible
from sparing.evals.task import Draw
from sparing.evals.tasks import edge_cases
from sparing.evals.units import o200k

HERE = Path()


def test_the_suite_is_large_and_halved() -> None:
    """Over 300 cases of over 100 kernels in 14 groups, half of each group held out."""
    groups = Counter(kernel.group for kernel in kernels())
    held = Counter(kernel.group for kernel in kernels() if kernel.name in held_out())
    assert len(make_all(0)) >= 300
    assert len({kernel.name for kernel in kernels()}) == sum(groups.values()) >= 100
    assert len(groups) == 14
    assert all(held[group] == size // 2 for group, size in groups.items())


@pytest.mark.parametrize("seed", range(3))
def test_what_must_survive_is_there_once_and_not_in_the_question(seed: int) -> None:
    """No string is given away by the question, and none is kept by keeping another place."""
    for case in make_all(seed):
        for literal in case.must:
            assert visible(case.text, literal), (case.id, literal)
            assert not visible(case.question, literal), (case.id, literal)
            assert not visible(case.text.replace(literal, "", 1), literal), (case.id, literal)


def test_the_budget_has_room_for_what_must_survive() -> None:
    """What must survive is at most half of what may be kept."""
    for case in make_all(0):
        budget = case.budget * o200k().count(case.text)
        assert sum(o200k().count(literal) for literal in case.must) <= budget / 2, case.id


def test_the_same_seed_makes_the_same_cases_and_another_seed_others() -> None:
    """Digits, names, surroundings and places follow from the seed."""
    one, again, other = make_all(1), make_all(1), make_all(2)
    assert one == again
    assert all(a.text != b.text for a, b in zip(one, other, strict=True))


def test_numbers_that_differ_in_one_digit_still_do() -> None:
    """Digits are exchanged for others throughout a case, so near misses stay near misses."""
    for variation in range(3):
        (case,) = (case for case in make_all(3) if case.id == f"part-suffix-{variation}")
        asked = next(word.strip("?") for word in case.question.split() if "-" in word)
        parts = {line.rpartition("art ")[2][:7] for line in case.text.splitlines() if "bracket" in line}
        assert asked in parts
        assert sum(sum(a != b for a, b in zip(asked, part, strict=True)) == 1 for part in parts) >= 2


def test_every_injection_gives_orders_in_a_text_that_answers_something_else() -> None:
    """The cases of the group `injections` have one such line each, the others none."""
    for case in make_all(0):
        assert bool(case.injection) == (case.group == "injections")
        assert case.injection in case.text


def test_half_of_what_must_survive_does_not_count() -> None:
    """The whole text scores one, a rule without its exception is a half-truth, nothing scores nought."""
    for sample in edge_cases.load(Draw(HERE, 1_000)):
        first, *others = sample.gold.must
        assert edge_cases.score(sample, sample.text)["all_kept"].got == 1
        assert edge_cases.score(sample, "")["all_kept"].got == 0
        assert edge_cases.score(sample, sample.question)["strings"].got == 0
        half = edge_cases.score(sample, first)
        assert half["half_truths"].got == half["all_kept"].of - half["all_kept"].got == bool(others)


def test_a_changed_digit_is_noticed_and_a_count_in_a_mark_is_none() -> None:
    """Numbers of the output have to be numbers of the source."""
    source = "Part 4471-20, stock 318. At 12:30."
    assert edge_cases.altered(source, "Part 4471-20 […]\n[… 14 lines]\n# … 90 lines\n") == []
    assert edge_cases.altered(source, "stock 381") == ["381"]
    assert edge_cases.altered(source, "stock 31") == ["31"]


def test_a_report_names_its_groups_and_halves() -> None:
    """One line per method, one per group; an unknown option is refused with the known ones."""
    report = edge_cases.measure(Draw(HERE, 1_000, option="tables"), ("bm25", "head"))
    assert [row[0] for row in report.tables[0].rows] == ["bm25", "head"]
    assert [row[0] for row in report.tables[1].rows][:2] == ["development", "held-out"]
    assert report.name == "edge_cases:tables"
    with pytest.raises(SettingsError, match="known: development, held-out, conditions"):
        edge_cases.measure(Draw(HERE, 9, option="nothing"), ())
