"""Rows that share a value that is otherwise each row's own."""

from __future__ import annotations

import json
import random

import pytest

from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.json_rows import JsonRows
from sparing.reducers.same_values import asks_same, shared
from sparing.tokens.estimate import CharCounter


def cells(*values: object) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def addresses(size: int = 60) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"id": f"ord_{100 + i}", "state": "sent", "address": f"{7 * i % 97} Quay, town {i}"} for i in range(size)
    ]
    rows[44]["address"] = rows[13]["address"]
    return rows


def rows_shown(rows: list[dict[str, object]], question: str, num_rows: int) -> str:
    ladder = JsonRows().propose(json.dumps(rows), Ask(CharCounter(), Question(question) if question else None))
    return ladder.render(num_rows).text


def test_only_the_rows_that_share_a_value_weigh():
    """All rows with the same value weigh the same, all others nothing."""
    assert shared(cells(*[f"s{i}" for i in range(18)], "s3", "s3")) == dict.fromkeys((3, 18, 19), 1 / 3)


@pytest.mark.parametrize(
    "values",
    [
        [f"s{i}" for i in range(20)],
        [f"s{i // 2}" for i in range(20)],
        [i * i % 61 for i in range(40)],
        [*[f"2024-05-06T10:{i:02d}:00Z" for i in range(30)], "2024-05-06T10:07:00Z"],
        [*[[i] for i in range(20)], [3]],
        [*[f"s{i}" for i in range(18)], None, None, "", ""],
        ["a", "a", "b"],
    ],
    ids=["all differ", "all in pairs", "dense numbers", "times", "lists", "nothing", "too few rows"],
)
def test_what_is_no_news(values):
    """Values that are never, often or by chance the same, times, containers and empty cells say nothing."""
    assert shared(cells(*values)) == {}


def test_sparse_numbers_are_not_the_same_by_chance():
    """A six-figure number that is used twice is news, and so is one of a running count."""
    for numbers in (random.Random(1).sample(range(100_000, 999_999), 50), list(range(50))):
        assert set(shared(cells(*numbers, numbers[20]))) == {20, 50}


@pytest.mark.parametrize(
    "question",
    [
        "Which two orders go to the same address?",
        "Welche Bestellungen haben dieselbe Adresse?",
        "¿Qué pedidos comparten dirección?",
        "Quelles commandes sont en double ?",
        "哪些订单重复了？",
        "ما الطلبات التي لها نفس العنوان؟",
        "Какие заказы повторяются дважды?",
    ],
)
def test_questions_about_the_same_bring_the_rows_that_share(question):
    """Asked in any of these languages, the two rows come among the first three."""
    assert asks_same(Question(question))
    shown = rows_shown(addresses(), question, 3)
    assert "ord_113" in shown
    assert "ord_144" in shown


def test_shared_values_are_unusual_without_a_question():
    """Nobody has to ask: the rows come before ordinary ones."""
    shown = rows_shown(addresses(), "", 5)
    assert "ord_113" in shown
    assert "ord_144" in shown


def test_failures_and_named_rows_are_not_crowded_out():
    """A failed row and a row that the question names come no later than those that share."""
    rows = addresses()
    rows[30]["state"] = "failed"
    shown = rows_shown(rows, "Is ord_121 going to the same address as another?", 4)
    assert all(name in shown for name in ("ord_121", "ord_113", "ord_144"))
    assert "failed" in rows_shown(rows, "", 5)


def test_other_questions_do_not_ask_for_the_same():
    """A question about one thing is not about two that are alike."""
    assert not asks_same(Question("When was the order from Oslo shipped, and what does it cost?"))
