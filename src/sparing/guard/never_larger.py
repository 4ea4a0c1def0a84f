"""A reduced span may not have more tokens than it came with."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.verdict import Change, Objection


class NeverLarger:
    """Objects to a rendition that costs more than its source."""

    name = "never_larger"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        return [
            Objection(change, self.name, f"{change.tokens_after} tokens for {change.tokens_before}")
            for change in changes
            if change.tokens_after > change.tokens_before
        ]
