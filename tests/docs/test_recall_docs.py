"""`docs/recall.md` says what is so."""

from __future__ import annotations

from pathlib import Path

from sparing.finish.own_calls import MOST_TOKENS, MOST_TURNS
from sparing.finish.recall import PART_TOKENS
from sparing.handles import handle_of
from sparing.own_tools import RECALL
from sparing.plan.effort import TARGETS
from sparing.settings import Settings
from sparing.tokens.models import counter_for
from sparing.tokens.overhead import overhead_tokens

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs" / "recall.md").read_text("utf-8").split())


def test_the_numbers_in_the_page() -> None:
    """Costs, bounds, defaults and the handle of the licence."""
    counter, recall = counter_for("gpt-4o"), Settings().recall
    assert abs(counter.count(RECALL.name + RECALL.description + RECALL.parameters) + 20 - 140) <= 20
    preamble = overhead_tokens("anthropic.messages", 0, 1) - overhead_tokens("anthropic.messages", 0)
    assert f"Anthropic adds {preamble} of its own" in PAGE
    assert f"{MOST_TURNS} turns and {MOST_TOKENS:,} tokens" in PAGE
    assert f"parts of at most {PART_TOKENS:,} tokens" in PAGE
    assert f"at most {TARGETS['balanced'].kept:.0%} of it".replace("%", " %") in PAGE
    assert f"keep_hours = {recall.keep_hours:g} max_bytes = {recall.max_bytes}" in PAGE
    assert f"sparing_recall({handle_of((ROOT / 'LICENSE').read_text())})" in PAGE
