"""What a chaos run came to, as a table and notes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from sparing.evals.load.chaos import Ended
from sparing.evals.report import Report, Table

_ENDS: Final = ("whole", "told", "refused", "left", "lost", "crossed")


def chaos_report(name: str, ended: Ended) -> Report:
    """One report."""
    rows = [
        (fault.replace("_", " "), *(f"{counts.get(end, 0):,}" for end in _ENDS))
        for fault, counts in ended.by_fault.items()
    ]
    totals = [sum(counts.get(end, 0) for counts in ended.by_fault.values()) for end in _ENDS]
    rows.append(("all", *(f"{total:,}" for total in totals)))
    before, after = ended.rss_bytes
    return Report(
        name,
        "Every fault at once: how answers ended",
        (Table("by what the upstream was asked to do wrong", ("fault", *_ENDS), tuple(rows)),),
        (),
        (
            f"{ended.num:,} requests in {ended.wall_s:.0f} s, in bursts: {ended.lost} lost, {ended.crossed} crossed.",
            "whole: every event, once, in order, its own. told: an error event after a whole beginning, or an error in"
            " a 200. refused: an error status. left: the caller hung up. lost: an event is missing, or the end, or a"
            " word of why.",
            f"Beside these: {ended.kills} kills of an upstream, back on its port a second later (what had no fault of"
            f" its own and was told: the upstream died half way); {ended.poisoned:,} rows of the cache spoiled while"
            f" {ended.from_cache:,} answers came from it; every seven seconds another speed (1, 10, 1, a tenth); the"
            " gateway's wall clock jumping by up to a year every three; one caller in twenty hanging up half way.",
            f"Afterwards {ended.still_open} requests were still open and {ended.still_reserved} reservations held;"
            f" {before / 1e6:.0f} MB resident before, {after / 1e6:.0f} MB after.",
            *(f"{num} x {trouble}" for trouble, num in ended.troubles.items()),
        ),
        asdict(ended),
    )
