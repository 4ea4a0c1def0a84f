"""Tools are ranked by what the question is about."""

from __future__ import annotations

import json

import pytest

from sparing.reducers.tool_rank import rank_tools

_TOOLS = {
    "convertCurrency": ("Turns an amount into another one.", {"amount": {}}),
    "get_forecast": ("Temperature for the coming days.", {"city": {}}),
    "sort_list": ("Sorts.", {"order": {"enum": ["ascending", "descending"]}}),
}
DEFINITIONS = [
    json.dumps({"name": name, "description": text, "input_schema": {"type": "object", "properties": properties}})
    for name, (text, properties) in _TOOLS.items()
]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("How many euros are 20 dollars?", 0),
        ("Which temperatures do we get next week?", 1),
        ("Put these numbers into descending order.", 2),
    ],
)
def test_the_best_is_first(question: str, best: int) -> None:
    """By its words in names, descriptions and enumerated values, and by the kind of what is named."""
    ranking = rank_tools(DEFINITIONS, question)
    assert ranking.order[0] == best
    assert sorted(ranking.order) == [0, 1, 2]
    assert ranking.evidence > 0.5


@pytest.mark.parametrize("question", ["", "Hello!", "???", "¿Qué tal?"])
def test_nothing_to_go_by(question: str) -> None:
    """Without a common word the order is the catalogue's and the evidence zero."""
    ranking = rank_tools([*DEFINITIONS, "no JSON"], question)
    assert ranking.order == (0, 1, 2, 3)
    assert ranking.evidence == 0
