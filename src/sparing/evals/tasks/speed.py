"""Row 14: tokens per second of every reducer, by content type, on input it has never seen.

Every repetition gets text of its own seed. CPU time of this process on one core; proposing a ladder and rendering the
rung at a quarter of the size, with a counter that costs nothing; counting the same text with o200k is timed on its own.
Several sizes show whether time grows with the size or faster.
"""

from __future__ import annotations

import gc
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median

from sparing import registry
from sparing.core.content import Content
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask, Reducer
from sparing.evals.material import material
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.tokens.bpe import load_vocabulary
from sparing.tokens.estimate import CharCounter

_SIZES = (50_000, 200_000, 800_000)  # characters
_QUESTION = Question("Which order went to Lisbon, and why did the ledger module fail?")
_KEPT = 0.25


@dataclass(frozen=True, slots=True)
class Timing:
    """Median over the repetitions.

    Attributes:
        tokens: o200k tokens of the text.
        reduce_s: CPU seconds to propose and render.
        count_s: CPU seconds to count the text with o200k.
        skipped: Why the reducer declined, "" if it did not.
    """

    reducer: str
    content: str
    chars: int
    tokens: int
    reduce_s: float
    count_s: float
    skipped: str

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / max(self.reduce_s, 1e-9)

    @property
    def with_count_per_s(self) -> float:
        return self.tokens / max(self.reduce_s + self.count_s, 1e-9)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Time the reducers asked for, all by default. `draw.n` repetitions; the option is a size in characters."""
    sizes = (int(draw.option),) if draw.option else _SIZES
    timings = [
        _timing(name, reducer, content, size, draw)
        for name in names or registry.names("reducers")
        for reducer in [registry.load("reducers", name)]
        for content in sorted(reducer.content)
        if material(Content(content), 1000, 0)
        for size in sizes
    ]
    return _report(draw, timings)


def _timing(name: str, reducer: Reducer, content: str, size: int, draw: Draw) -> Timing:
    _once(reducer, material(Content(content), 20_000, -1))  # loads grammars and compiles patterns
    texts = [material(Content(content), size, 1000 * draw.seed + i) for i in range(draw.n)]
    runs = [_once(reducer, text) for text in texts]
    counts = [_count(text) for text in texts]
    skipped = next((why for _, why in runs if why), "")
    return Timing(
        name,
        content,
        round(median(map(len, texts))),
        round(median(tokens for tokens, _ in counts)),
        median(seconds for seconds, _ in runs),
        median(seconds for _, seconds in counts),
        skipped,
    )


def _once(reducer: Reducer, text: str) -> tuple[float, str]:
    ask = Ask(CharCounter(), _QUESTION)
    gc.collect()
    started = time.process_time()
    ladder = reducer.propose(text, ask)
    if isinstance(ladder, Skip):
        return time.process_time() - started, ladder.reason
    ladder.render(max(0, bisect_right(ladder.tokens, len(text) * _KEPT / 4) - 1))
    return time.process_time() - started, ""


def _count(text: str) -> tuple[int, float]:
    encoding = load_vocabulary("o200k_base").encoding
    started = time.process_time()
    tokens = len(encoding.encode_ordinary(text))
    return tokens, time.process_time() - started


def _report(draw: Draw, timings: list[Timing]) -> Report:
    rows = tuple(
        (
            t.reducer,
            t.content,
            f"{t.chars / 1000:.0f} k",
            f"{t.tokens:,}",
            f"{1000 * t.reduce_s:.1f}",
            f"{t.tokens_per_s / 1e6:.2f}",
            f"{t.tokens / max(t.count_s, 1e-9) / 1e6:.2f}",
            f"{t.with_count_per_s / 1e6:.2f}",
            t.skipped,
        )
        for t in timings
    )
    columns = (
        "reducer",
        "content",
        "characters",
        "tokens",
        "CPU ms",
        "M tok/s",
        "counting, M tok/s",
        "both, M tok/s",
        "declined",
    )
    done = [t for t in timings if not t.skipped]
    chart = Chart(
        "Speed on fresh input", "characters", "tokens / CPU second", tuple(_lines(done)), log_x=True, log_y=True
    )
    return Report(
        "speed",
        "Speed of the rule path on fresh input (scoreboard row 14)",
        (Table("", columns, rows),),
        (chart,),
        (f"Median of {draw.n} repetitions with different texts, seed {draw.seed}; CPU time of one core.",),
        {"row": 14, "n": draw.n, "seed": draw.seed, "timings": [asdict(t) for t in timings]},
    )


def _lines(timings: list[Timing]) -> Iterator[Series]:
    """Speed over size, a line per reducer and content type."""
    for reducer, content in dict.fromkeys((t.reducer, t.content) for t in timings):
        own = [t for t in timings if (t.reducer, t.content) == (reducer, content)]
        several = len({t.content for t in timings if t.reducer == reducer}) > 1
        spots = tuple(Spot(t.chars, t.tokens_per_s, t.tokens_per_s, t.tokens_per_s) for t in own)
        yield Series(f"{reducer}: {content}" if several else reducer, spots)


BENCH = Bench("speed", 14, "Speed on fresh input", 5, measure)
