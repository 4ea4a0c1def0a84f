"""Material for the flow tests: written here, long enough to be worth reducing."""

from __future__ import annotations

import json
import random

import pytest

_PLACES = ("harbour", "library", "railway", "orchard", "observatory", "brewery", "theatre", "bakery")
_PEOPLE = ("The keeper", "A visitor from the coast", "The deputy mayor", "An elderly clerk", "Nobody on the board")
_DEEDS = (
    "complained that the {place} had been closed since the storm",
    "asked for new lamps along the path to the {place}",
    "brought the accounts of the {place}, which did not add up",
    "remembered how crowded the {place} used to be on market days",
    "wanted the roof of the {place} mended before the first snow",
    "proposed to sell the old piano of the {place} to a school",
)
_TAILS = (
    ", and the chair made a note of it.",
    "; several members laughed.",
    ". The matter was put off until autumn, when the surveyor would be back from his journey.",
    ", although the treasurer had warned against it twice.",
    ".",
)


def _paragraph(chance: random.Random) -> str:
    return " ".join(
        f"{chance.choice(_PEOPLE)} {chance.choice(_DEEDS).format(place=chance.choice(_PLACES))}{chance.choice(_TAILS)}"
        for _ in range(chance.randint(2, 6))
    )


@pytest.fixture(scope="session")
def report() -> str:
    """Minutes of 60 paragraphs; exactly one sentence names who signed the lease of the observatory."""
    chance = random.Random(7)
    paragraphs = [_paragraph(chance) for _ in range(60)]
    paragraphs[29] += " The lease of the observatory was signed by Ilse Aichwald on the ninth of March."
    return "\n\n".join(paragraphs)


@pytest.fixture(scope="session")
def orders() -> str:
    """120 orders as JSON rows; one failed."""
    rows = [
        {"id": f"ORD-{1000 + n}", "customer": f"customer {n % 17}", "status": "shipped", "total": n * 3.5}
        for n in range(120)
    ]
    rows[77]["status"] = "FAILED"
    return json.dumps(rows, indent=2)
