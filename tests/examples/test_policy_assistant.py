"""The regulatory policy assistant: rules come with the exceptions that other sections make from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]
Example = Callable[[str, str], Path]

pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("question", "rule", "exceptions"),
    [
        (
            "May somebody live on board a vessel in the harbour?",
            "Nobody may live on board a vessel at a berth.",
            ("Section 5 does not apply to the crew of a working vessel", "By way of exception from section 5"),
        ),
        (
            "How fast may vessels go in the harbour?",
            "no more than 4 knots inside the breakwaters",
            ("Sections 7 and 8 do not apply to vessels of the lifeboat service",),
        ),
        (
            "Must my dog be on a lead on the pontoon?",
            "Dogs are kept on a lead on quays and pontoons.",
            ("Section 13 does not apply to assistance dogs.",),
        ),
        (
            "May live animals be sold at the market?",
            "The sale of live animals",
            ("Section 4 does not forbid the sale of bees and of poultry",),
        ),
    ],
)
def test_an_exception_in_another_section_comes_along(
    example: Example, ask: Ask, question: str, rule: str, exceptions: tuple[str, ...]
) -> None:
    """Cited where it stands, and sent to a model too."""
    example("policy_assistant", "statutes")
    answer = ask(question)
    assert rule in answer["answer"]
    sent = " ".join(" ".join(passage["text"].split()) for passage in answer["passages"]["sent"])
    for exception in exceptions:
        assert exception in answer["answer"]
        assert exception in sent
    assert all(claim["supported"] for claim in answer["claims"])
    assert answer["tokens"]["passages"] <= answer["tokens"]["budget"]


def test_it_comes_along_where_there_is_little_room(example: Example, ask: Ask) -> None:
    """Other passages give way."""
    example("policy_assistant", "statutes")
    answer = ask("May somebody live on board a vessel in the harbour?", "--budget", "300")
    assert "By way of exception from section 5" in answer["answer"]
    assert answer["tokens"]["passages"] <= 300


def test_what_the_statutes_do_not_regulate_is_refused(example: Example, ask: Ask) -> None:
    """By what was looked at, and it is no error."""
    example("policy_assistant", "statutes")
    answer = ask("How is bread baked?")
    assert answer["abstained"]
    assert answer["citations"] == []
