"""What goes out is worth what the risk demands, whoever made the ladder and however often it was replanned."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.verdict import Change, Floor, Objection


class Risk:
    """Objects to a lossy rendition that is not worth enough, or that another scorer weighed than the floor is for.

    The planner offers nothing below the floor; this catches a reducer whose renditions are worth less than its ladder
    said, and ladders that were asked for again.
    """

    name = "risk"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        return [
            Objection(change, self.name, f"it is worth {change.rendition.worth:.3f}, too little for the risk")
            for change in changes
            if change.floor is not None and change.rendition.elisions and not _is_enough(change, change.floor)
        ]


def _is_enough(change: Change, floor: Floor) -> bool:
    if change.rendition.worth >= 1.0:  # what the last rung leaves out stands elsewhere in the request
        return True
    return floor.above is not None and change.rendition.reducer == floor.scorer and change.rendition.worth > floor.above
