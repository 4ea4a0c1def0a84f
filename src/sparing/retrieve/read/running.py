"""Running heads and page numbers: the lines at the top and bottom of pages that say the same on each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_FEWEST_PAGES = 3
_NUMBERED = re.compile(r"(?:(\d{1,5})\s+)?(.*?)(?:\s*(?<!\d)(\d{1,5}))?", re.DOTALL)

Key = tuple[str, int | None]


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """Pages without what recurs at their top or bottom, but for its first time.

    A line recurs if at least three pages have it, or have it with a page number that grows with the pages. A number
    that ends another line belongs to it: ``Section 4`` recurs nowhere.
    """
    lines = [page.strip().split("\n") for page in pages]
    edges = [[_key(page[0], number), _key(page[-1], number)] for number, page in enumerate(lines)]
    often = Counter(key for keys in edges for key in dict.fromkeys(keys))
    seen: set[Key] = set()
    kept = []
    for page, (top, bottom) in zip(lines, edges, strict=True):
        first = 1 if often[top] >= _FEWEST_PAGES and top in seen else 0
        last = len(page) - (1 if len(page) > 1 and often[bottom] >= _FEWEST_PAGES and bottom in seen else 0)
        seen |= {top, bottom}
        kept.append("\n".join(page[first:last]))
    return kept


def _key(line: str, page: int) -> Key:
    """What makes lines of several pages the same: their words, and how far their number is from the page's."""
    line = line.strip()
    match = _NUMBERED.fullmatch(line)
    number = (match[1] or match[3]) if match else None
    if not match or number is None or len(match[2].split()) == 1:
        return line, None
    return match[2].strip(), int(number) - page
