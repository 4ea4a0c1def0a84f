"""`docs/tools.md` shows what the code really does. Run this file to rewrite the examples in the page."""

from __future__ import annotations

import re
from pathlib import Path

from sparing.reducers.tool_schemas import shorten_tool
from sparing.tokens.models import counter_for

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
_BEFORE = re.compile(r"<!-- before -->\n```json\n(.*)\n```")
_AFTER = re.compile(r"(<!-- (safe|balanced|max) -->\n```json\n)(?:.*\n)?(```)")


def rewritten(page: str) -> str:
    """The page with the definitions as they are shortened today."""
    before = _BEFORE.search(page)
    assert before
    return _AFTER.sub(lambda block: f"{block[1]}{shorten_tool(before[1], block[2])}\n{block[3]}", page)  # type: ignore[arg-type]


def test_the_examples_are_real() -> None:
    """Every shortened definition in the page is what `shorten_tool` makes of the one before it; so are the counts."""
    page = PAGE.read_text(encoding="utf-8")
    assert len(_AFTER.findall(page)) == 3
    assert rewritten(page) == page
    before = _BEFORE.search(page)
    assert before
    assert f"{counter_for('gpt-4o').count(before[1])} tokens as `json.dumps` writes it" in page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
