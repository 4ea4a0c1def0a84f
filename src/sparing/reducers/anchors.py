"""The fewest units that show what a question names: they come first, since nothing shorter may go out."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.question import Question
from sparing.reducers.relevance import identifiers

_MOST = 100  # names that are looked for


def anchors(texts: Sequence[str], worth: Sequence[float], question: Question | None, shown: str = "") -> list[int]:
    """Units that together hold every name of the question that the units hold, worthiest first.

    Args:
        texts: One per unit.
        worth: One per unit; of several units with a name the worthiest is taken.
        shown: Text that is shown in any case.
    """
    found: list[int] = []
    if question is None:
        return found
    whole = "\n".join(texts)
    order: list[int] = []
    seen = shown
    for name in identifiers(question.text)[:_MOST]:
        if name in seen or name not in whole:
            continue
        order = order or sorted(range(len(texts)), key=lambda i: -worth[i])
        unit = next((i for i in order if name in texts[i]), None)
        if unit is not None:
            found.append(unit)
            seen += "\n" + texts[unit]
    return sorted(found, key=lambda i: -worth[i])
