"""Material for the flow tests: written here, long enough to be worth reducing."""

from __future__ import annotations

import json

import pytest

_TOPICS = ("harbour", "library", "railway", "orchard", "observatory", "brewery", "theatre", "bakery")


@pytest.fixture(scope="session")
def report() -> str:
    """A report of 48 paragraphs; exactly one names who signed the lease of the observatory."""
    paragraphs = []
    for n in range(48):
        topic = _TOPICS[n % len(_TOPICS)]
        paragraphs.append(
            f"Section {n}. The {topic} was inspected in the spring and found to be in fair order. Its keeper reported "
            f"{n + 3} visitors a day, fewer than the year before. The roof needs work, and the committee set aside "
            f"{n * 120 + 400} crowns for it. Nothing else about the {topic} was decided at this meeting."
        )
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
