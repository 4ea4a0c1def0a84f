"""What one call of `sparing_recall` brings back of what a reduction without a question has lost.

Tool outputs with planted facts (`evals.planted`) are reduced hard and blind, as if nobody had asked yet. Then the
question comes. Where a fact it asks for is not visible any more, the original is asked for by its handle, about that
question: is the fact in what comes back?
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from sparing.api import reduce_text
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw, Sample
from sparing.evals.tasks import planted
from sparing.finish.recall import PART_TOKENS, excerpt
from sparing.handles import handle_of
from sparing.tokens.models import DEFAULT_MODEL, counter_for

_KEEPS = (0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Recalled:
    """One question: facts it asks for, lost and found again; tokens of what came back (0: nothing was lost) and of the
    original."""

    asked: float
    lost: float
    back: float
    tokens: int
    original_tokens: int

    @property
    def long(self) -> bool:
        """Whether the original would not even come back whole without a question."""
        return self.original_tokens > PART_TOKENS


def recall_one(sample: Sample[planted.Facts], keep: float) -> Recalled:
    """Reduce blind, and recall if something asked for is gone."""
    reduced = reduce_text(sample.text, keep=keep)
    seen = planted.score(sample, reduced.text)["asked"]
    if seen.got == seen.of:
        return Recalled(seen.of, 0, 0, 0, reduced.tokens_before)
    found = excerpt(sample.text, about=sample.question, part=1, handle=handle_of(sample.text), model=DEFAULT_MODEL)
    together = planted.score(sample, f"{reduced.text}\n{found}")["asked"]
    tokens = counter_for(DEFAULT_MODEL).count(found)
    return Recalled(seen.of, seen.of - seen.got, together.got - seen.got, tokens, reduced.tokens_before)


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """n sets of outputs, each of another seed."""
    seeds = range(draw.seed, draw.seed + draw.n)
    samples = [sample for seed in seeds for sample in planted.load(Draw(draw.data_dir, 1_000, seed, draw.option))]
    rows, data = [], []
    for keep in _KEEPS:
        done = [recall_one(sample, keep) for sample in samples]
        for name, some in (("all", done), (f"over {PART_TOKENS:,} tokens", [one for one in done if one.long])):
            row = _sums(some)
            cells = (f"{row['asked']:.0f}", f"{row['lost']:.0f}", f"{row['back']:.0f}", f"{row['tokens']:,.0f}")
            rows.append((f"{keep:.0%}, {name}", *cells))
            data.append({"keep": keep, "originals": name, **row})
    columns = ("kept, blind", "facts asked for", "lost", "back after one recall", "tokens per recall")
    notes = (
        f"{len(samples)} questions about {draw.n} sets of outputs, seeds {seeds[0]} to {seeds[-1]}.",
        f"A recall about a question gives as much as the balanced effort keeps, at most {PART_TOKENS:,} tokens.",
    )
    return Report("recall", BENCH.title, (Table("", columns, tuple(rows)),), (), notes, {"rows": data})


def _sums(done: list[Recalled]) -> dict[str, float]:
    return {
        "asked": sum(one.asked for one in done),
        "lost": sum(one.lost for one in done),
        "back": sum(one.back for one in done),
        "tokens": mean([one.tokens for one in done if one.tokens] or [0]),
    }


BENCH = Bench("recall", 0, "What one recall brings back", 5, measure)
