"""Which passages are found: the product beside plain BM25 and a sentence encoder, on four pools of public data.

Found at k: the share of questions with at least one passage that answers among the first k. Questions are those of
test groups, which nothing was trained or tuned on; with the option ``all``, of all groups. Any other option names one
pool: ``retrieval:nq``, ``retrieval:xquad:de``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sparing.errors import SettingsError
from sparing.evals.data import provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.retrieval.pools import ALL, SOURCES, Pool, Query, pools
from sparing.evals.retrieval.rankers import NAMES, Rank, Ranker, rankers
from sparing.evals.stats import Estimate, difference, estimate
from sparing.evals.task import Bench, Draw, Tally
from sparing.select.memo import READINGS

_AT = (1, 5, 20)
_TIMED = 25  # questions
_BARS = ("bm25", "bm25_porter", "minilm")
OURS = "hybrid_judged"


@dataclass(frozen=True, slots=True)
class Run:
    """One way of ranking over the questions of one pool.

    Attributes:
        ranks: Per question the place, from 1, of the first passage that answers; 0 where none was found.
        cpu_ms: Per question, its own embedding included, of the first `_TIMED`.
    """

    ranker: str
    pool: str
    ranks: tuple[int, ...]
    cpu_ms: float

    def found(self, at: int) -> list[Tally]:
        return [Tally(float(0 < rank <= at)) for rank in self.ranks]

    def reciprocal(self) -> list[Tally]:
        return [Tally(1 / rank if rank else 0.0) for rank in self.ranks]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Every ranker over every pool.

    Raises:
        SettingsError: An unknown pool or ranker, or no data.
    """
    known = rankers()
    if unknown := set(names) - known.keys():
        raise SettingsError(f"no ranker is called {sorted(unknown)[0]!r}", hint=f"known: {', '.join(known)}")
    chosen = [known[name] for name in names or known]
    asked = ALL if draw.option == "all" else (draw.split or "test",)
    only = () if draw.option in ("", "all") else (draw.option,)
    runs: list[Run] = []
    sizes: dict[str, tuple[int, int]] = {}
    for pool in pools(draw.data_dir, asked, only):
        queries = _drawn(pool, draw)
        sizes[pool.name] = len(pool.texts), len(queries)
        runs.extend(_runs(pool, queries, chosen))
    if not runs:
        raise SettingsError(f"no pool is called {draw.option!r}", hint="nq, tatqa, qmsum, xquad:en, xquad:de, ..., all")
    return _report(draw, runs, sizes, chosen)


def _drawn(pool: Pool, draw: Draw) -> Sequence[Query]:
    picked = sorted(random.Random(draw.seed).sample(range(len(pool.queries)), min(draw.n, len(pool.queries))))
    return [pool.queries[at] for at in picked]


def _runs(pool: Pool, queries: Sequence[Query], chosen: Sequence[Ranker]) -> Iterator[Run]:
    present = [ranker for ranker in chosen if not ranker.missing]
    with track(pool.name, len(queries) * len(present)) as progress:
        for ranker in present:
            progress.show(ranker.name)
            with ranker.index(pool.texts) as rank:
                yield _run(ranker.name, pool.name, rank, queries, progress.step)


def _run(name: str, pool: str, rank: Rank, queries: Sequence[Query], step: Callable[[], None]) -> Run:
    cpu_ms = _cpu_ms(rank, queries[:_TIMED])
    ranks = []
    for query in queries:
        ranks.append(_first(rank(query.question), query.gold))
        step()
    return Run(name, pool, tuple(ranks), cpu_ms)


def _cpu_ms(rank: Rank, queries: Sequence[Query]) -> float:
    """Of a question that nobody asked before."""
    rank(queries[0].question)  # what is loaded when it is first used is no question's cost
    READINGS.clear()
    start_s = time.process_time()
    for query in queries:
        rank(query.question)
    return 1e3 * (time.process_time() - start_s) / len(queries)


def _first(ranked: Sequence[Sequence[int]], gold: frozenset[int]) -> int:
    return next((place for place, same in enumerate(ranked, 1) if gold.intersection(same)), 0)


def _report(draw: Draw, runs: Sequence[Run], sizes: Mapping[str, tuple[int, int]], chosen: Sequence[Ranker]) -> Report:
    tables = [_pool_table(name, *size, [run for run in runs if run.pool == name]) for name, size in sizes.items()]
    beside = _beside(runs)
    which = "all groups, those that the selector was trained on among them"
    if draw.option != "all":
        which = f"{draw.split or 'test'} groups"
    notes = [
        f"Questions of {which}, seed {draw.seed}; 95 % intervals by the paired bootstrap over questions; CPU time of "
        f"the first {_TIMED}.",
        "bm25: textbook, words as they are; bm25_porter: SQLite FTS5, Porter stems, no stop words in the question; "
        "minilm: cosine of all-MiniLM-L6-v2 in float32; hybrid: words and vectors of a store in a file, those of the "
        "embedder minilm, in hybrid_static of static; judged: the same, the best read by the encoder.",
        *(f"{ranker.name}: not run, {ranker.missing}." for ranker in chosen if ranker.missing),
        *(provenance(SOURCES[name], draw.data_dir) for name in dict.fromkeys(pool.partition(":")[0] for pool in sizes)),
    ]
    name = f"retrieval:{draw.option}" if draw.option else "retrieval"
    data = {"seed": draw.seed, "sizes": dict(sizes), "runs": [_as_json(run) for run in runs]}
    return Report(name, BENCH.title, (*tables, *([beside] if beside else [])), (), tuple(notes), data)


def _pool_table(name: str, num_texts: int, num_queries: int, runs: Sequence[Run]) -> Table:
    columns = ("ranked by", *(f"found at {at}, %" for at in _AT), "MRR", "CPU ms / question")
    rows = tuple(
        (
            run.ranker,
            *(_interval(estimate(run.found(at)), 100) for at in _AT),
            f"{estimate(run.reciprocal()).mean:.3f}",
            f"{run.cpu_ms:.1f}",
        )
        for run in runs
    )
    return Table(f"{name}: {num_texts:,} passages, {num_queries:,} questions", columns, rows)


def _beside(runs: Sequence[Run]) -> Table | None:
    """What the product finds at 5, and its MRR, beside each bar, question by question."""
    by = {(run.pool, run.ranker): run for run in runs}
    rows = []
    for pool in dict.fromkeys(run.pool for run in runs):
        bars = [by.get((pool, bar)) for bar in _BARS]
        ours = by.get((pool, OURS))
        if ours is not None and any(bars):
            rows.append((pool, *(cell for bar in bars for cell in _cells(ours, bar))))
    heads = (f"{bar}, {what}" for bar in _BARS for what in ("found at 5", "found at 1"))
    return Table(f"{OURS} minus the others, points (95 % CI)", ("pool", *heads), tuple(rows)) if rows else None


def _cells(ours: Run, bar: Run | None) -> tuple[str, str]:
    if bar is None:
        return "", ""
    at_5, at_1 = (difference(ours.found(at), bar.found(at)) for at in (5, 1))
    return _signed(at_5), _signed(at_1)


def _interval(value: Estimate, scale: float) -> str:
    return f"{scale * value.mean:.1f} ({scale * value.low:.0f}..{scale * value.high:.0f})"


def _signed(value: Estimate) -> str:
    return f"{100 * value.mean:+.1f} ({100 * value.low:+.1f}..{100 * value.high:+.1f})"


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "ranker": run.ranker,
        "pool": run.pool,
        "n": len(run.ranks),
        "found": {str(at): asdict(estimate(run.found(at))) for at in _AT},
        "mrr": asdict(estimate(run.reciprocal())),
        "cpu_ms": run.cpu_ms,
        "ranks": list(run.ranks),
    }


BENCH = Bench("retrieval", 0, "Which passages are found", 400, measure, NAMES, splits=True)
