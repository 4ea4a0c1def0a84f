"""The financial research assistant: figures with their row, their column and what they are counted in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]
Example = Callable[[str, str], Path]

pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What was Orrin's fuel cost in 2023?",
            ("(in thousands of crowns)", "| 2024 | 2023 |", "| Fuel | 21,604 | 24,118 |"),
        ),
        ("How much revenue did Quill make in Europe in 2024?", ("| Europe | 38,915 | 36,240 |",)),
        ("What was Quill's share-based compensation in total in 2023?", ("| Total | 14,135 | 12,602 |",)),
        (
            "How much did Tamber sell in the bakery segment in 2023?",
            ("(in millions of crowns)", "| Bakery | 148.7 | 139.2 |"),
        ),
        ("What dividend does Tamber propose?", ("1.20 crowns a share",)),
        ("Why did freight fall at Orrin Ferries?", ("the quay at Lund Sound was closed for nine weeks",)),
    ],
)
def test_a_figure_comes_with_its_heads(example: Example, ask: Ask, question: str, expected: tuple[str, ...]) -> None:
    """From the right report."""
    example("financial_research", "reports")
    answer = ask(question)
    assert all(words in answer["answer"] for words in expected)
    assert all(claim["supported"] for claim in answer["claims"])
    company = next(name for name in ("orrin", "quill", "tamber") if name in question.lower())
    assert {citation["source"].split("/")[1].split("-")[0] for citation in answer["citations"]} == {company}
