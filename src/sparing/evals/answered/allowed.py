"""The report of what Quora's labels allow whoever knows what every question means."""

from __future__ import annotations

from sparing.errors import SettingsError
from sparing.evals.answered.labels import Bounds, Ceiling, Stratum, ceiling
from sparing.evals.answered.runs import MAX_WRONG
from sparing.evals.data import provenance
from sparing.evals.paraphrases import QQP, quora_pairs
from sparing.evals.report import Report, Table
from sparing.evals.task import Draw
from sparing.generate.cache.semantic.bound import CONFIDENCE

_WANTED = 0.3
_NOTES = (
    "Read by one language model, strictly: the same only where an answer to one is all of an answer to the other.",
    "Drawn at random within each row; in the sums the intervals of both rows are taken at their ends.",
)


def allowed(draw: Draw, num_traps: int) -> Report:
    """For all of Quora's pairs, and so many near misses of a bank that are looked up beside them."""
    pairs = quora_pairs(draw)
    found = ceiling(pairs, len(pairs) + num_traps)
    if found is None:
        raise SettingsError(
            "the pairs that were read are no random sample of these", hint="take all of Quora's pairs, without --n"
        )
    return Report(
        "semantic_cache-labels",
        "What the labels of Quora's pairs allow",
        (
            Table(
                "Pairs labelled as different that the rules let through, read again",
                ("pairs", "labelled as different", "of those read, ask the same", "so in all (95 %)"),
                (*map(_row, found.strata), _sum(found)),
            ),
            Table(
                "What a perfect judge of meaning would hit",
                (
                    "bound",
                    "wrong, of lookups",
                    "duplicates hit at most (95 %)",
                    f"for {_WANTED:.0%}, no more may ask the same than",
                ),
                (
                    _hit("all labels known", found, MAX_WRONG),
                    _hit(f"certified at {CONFIDENCE:.3%}", found, found.certified),
                ),
            ),
        ),
        (),
        (*_NOTES, provenance(QQP, draw.data_dir)),
        {
            "row": 17,
            "mislabelled": found.mislabelled,
            "hit": found.hit(MAX_WRONG),
            "certified": found.hit(found.certified),
        },
    )


def _row(one: Stratum) -> tuple[str, ...]:
    return (one.name, f"{one.pairs:,}", f"{one.same} of {one.read}", _around(one.mislabelled))


def _sum(found: Ceiling) -> tuple[str, ...]:
    pairs, same, read = (sum(getattr(one, of) for one in found.strata) for of in ("pairs", "same", "read"))
    return ("all", f"{pairs:,}", f"{same} of {read}", _around(found.mislabelled))


def _hit(words: str, found: Ceiling, share: float) -> tuple[str, ...]:
    middle, low, high = found.hit(share)
    most = found.most_mislabelled(share, _WANTED)
    return (words, f"{share:.2%}", f"{middle:.1%} ({low:.1%}..{high:.1%})", f"{most:,.0f}")


def _around(bounds: Bounds) -> str:
    return "{:,.0f} ({:,.0f}..{:,.0f})".format(*bounds)
