"""Row 17: true duplicates that get a kept answer, with at most 0.5 % of lookups wrong.

A lookup is a pair: one question was answered, the other is asked; its candidate is known, so that what is measured is
the decision. Quora's question pairs are the traffic, mixed with near misses of a bank's customers (two different
intents that look alike), which must not be hit at all. Wrong: hit although people said that the two differ.

Two measurements. *Splits*: 100 times half of the lookups, drawn at random, are the labels from which the bound
certifies a threshold, and the other half is looked up. *Live*: all lookups one after the other through the bound as the
gateway runs it, cold at first, with its audits, in several random orders; labels come from the audits alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from sparing.errors import SettingsError
from sparing.evals.data import provenance
from sparing.evals.paraphrases import BANKING77, QQP, Pair, banking_traps, quora_pairs
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.bound import CONFIDENCE, NEVER, Bound, certified
from sparing.generate.cache.semantic.embed import Embedder, Encoder, Lexical, Remembering, similarity
from sparing.generate.cache.semantic.wording import take_apart
from sparing.settings import load_settings

MAX_WRONG = 0.005
_SPLITS = 100
_ORDERS = 20
_TRAPS_PER_PAIR = 0.05
_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
_NOTES = (
    f"A threshold stands with a confidence of {CONFIDENCE:.3%} that its share of wrong answers is below the bound.",
    "Numbers, names, negations, units and language have to agree before similarity is asked.",
    "Wrong is counted by Quora's labels; many a pair that they call different asks the same in other words.",
    "all-MiniLM-L6-v2 was trained on Quora's pairs among others, so its line is flattered.",
)
_APART = -1.0  # the rules say that the two differ


@dataclass(frozen=True, slots=True)
class Lookup:
    """One pair as the cache sees it: `similarity` is below 0 where the rules keep the two apart."""

    similarity: float
    same: bool
    trap: bool
    kept: str
    asked: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Some lookups, some of them hit."""

    lookups: int
    duplicates: int
    right: int
    wrong: int
    traps_hit: int

    @property
    def recall(self) -> float:
        return self.right / max(1, self.duplicates)

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(1, self.lookups)

    @property
    def wrong_of_hits(self) -> float:
        return self.wrong / max(1, self.right + self.wrong)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Every embedding that there is."""
    rows, live_rows, series, data, notes = [], [], [], {}, []
    for name in names or ("words", "encoder"):
        embedder = _embedder(name)
        if embedder is None:
            notes.append(f"{name} did not run: SPARING_CACHE__ENCODER names no folder of an encoder.")
            continue
        lookups = look_up(draw, embedder, name)
        split = [_split(lookups, seed) for seed in range(_SPLITS)]
        live = [run_live(lookups, seed) for seed in range(_ORDERS)]
        rows.append((name, *_split_cells([one for one, _ in split], lookups)))
        live_rows.append((name, *_live_cells(live)))
        series.append(Series(name, tuple(_spot(lookups, share) for share in _SHARES)))
        data[name] = {
            "embedder": embedder.name,
            "lookups": len(lookups),
            "thresholds": [threshold for _, threshold in split],
            "splits": [_numbers(one) for one, _ in split],
            "live": [
                {**_numbers(one.whole), "last_quarter": _numbers(one.last), "first_hit": one.first_hit} for one in live
            ],
            "kept_apart": _kept_apart(lookups),
        }
    chart = Chart(
        "Duplicates hit against wrong answers", "wrong, % of lookups", "duplicates hit, %", tuple(series), log_x=True
    )
    return Report(
        "semantic_cache",
        BENCH.title,
        (
            Table(f"{_SPLITS} random splits, bound {MAX_WRONG:.1%} of lookups", _COLUMNS, tuple(rows)),
            Table(f"Live, {_ORDERS} random orders, cold start, audits included", _LIVE_COLUMNS, tuple(live_rows)),
        ),
        (chart,),
        (*notes, *_NOTES, provenance(QQP, draw.data_dir), provenance(BANKING77, draw.data_dir)),
        data,
    )


def look_up(draw: Draw, embedder: Embedder, name: str) -> list[Lookup]:
    """All pairs and traps, compared."""
    pairs: Sequence[Pair] = [
        *quora_pairs(draw),
        *banking_traps(draw, embedder, max(1, round(_TRAPS_PER_PAIR * draw.n))),
    ]
    lookups = []
    with track(f"comparing by {name}", len(pairs)) as progress:
        for pair in pairs:
            apart = disagreement(take_apart(pair.asked), take_apart(pair.kept))
            near = _APART if apart else similarity(embedder.embed(pair.asked), embedder.embed(pair.kept))
            lookups.append(Lookup(near, pair.same, pair.trap, pair.kept, pair.asked))
            progress.step()
    return lookups


@dataclass(frozen=True, slots=True)
class Live:
    """A run through all lookups, and its last quarter alone; after how many the first one was hit (-1: none)."""

    whole: Outcome
    last: Outcome
    first_hit: int


def run_live(lookups: Sequence[Lookup], seed: int) -> Live:
    """All lookups in a random order through a cold bound."""
    order = random.Random(seed).sample(range(len(lookups)), len(lookups))
    bound, hits, first = Bound(MAX_WRONG, rng=random.Random(seed)), [False] * len(lookups), -1
    for at, number in enumerate(order):
        one = lookups[number]
        if bound.is_audit():
            bound.learn(one.similarity, right=one.same or one.similarity == _APART)
        elif one.similarity > bound.threshold:
            hits[number], first = True, at if first < 0 else first
    late = order[len(order) * 3 // 4 :]
    last = _outcome([lookups[number] for number in late], [hits[number] for number in late])
    return Live(_outcome(lookups, hits), last, first)


def _split(lookups: Sequence[Lookup], seed: int) -> tuple[Outcome, float]:
    shuffled = random.Random(seed).sample(lookups, len(lookups))
    half = len(shuffled) // 2
    audits = [(one.similarity, one.same or one.similarity == _APART) for one in shuffled[:half]]
    threshold = certified(audits, MAX_WRONG, 1 - CONFIDENCE)
    rest = shuffled[half:]
    return _outcome(rest, [one.similarity > threshold for one in rest]), threshold


def _outcome(lookups: Sequence[Lookup], hits: Sequence[bool]) -> Outcome:
    hit = [one for one, is_hit in zip(lookups, hits, strict=True) if is_hit]
    right = sum(one.same for one in hit)
    return Outcome(
        len(lookups), sum(one.same for one in lookups), right, len(hit) - right, sum(one.trap for one in hit)
    )


def _embedder(name: str) -> Embedder | None:
    if name == "words":
        return Remembering(Lexical(), most=200_000)
    if name != "encoder":
        raise SettingsError(f"no embedding is called {name!r}", hint="known: words, encoder")
    folder = load_settings().cache.encoder
    return Remembering(Encoder(Path(folder).expanduser()), most=200_000) if folder else None


_COLUMNS = (
    "similarity by",
    "duplicates hit (least, most)",
    "wrong, of lookups (most)",
    "wrong, of hits",
    "of these but for case and punctuation equal",
    "traps hit",
    "bound held",
    "best possible at the bound",
)
_LIVE_COLUMNS = (
    *_COLUMNS[:1],
    "duplicates hit",
    "in the last quarter",
    *_COLUMNS[2:4],
    "first hit after",
    "bound held",
)


def _split_cells(outcomes: Sequence[Outcome], lookups: Sequence[Lookup]) -> tuple[str, ...]:
    recalls, wrongs = [one.recall for one in outcomes], [one.wrong_share for one in outcomes]
    best, low, high = _best(lookups, MAX_WRONG)
    return (
        f"{mean(recalls):.1%} ({min(recalls):.1%}..{max(recalls):.1%})",
        f"{mean(wrongs):.2%} ({max(wrongs):.2%})",
        f"{mean(one.wrong_of_hits for one in outcomes):.1%}",
        f"{_equal_share(lookups, min(mean(recalls), best)):.0%}",
        f"{sum(one.traps_hit for one in outcomes)} of {len(outcomes) * sum(one.trap for one in lookups) // 2:,}",
        f"{sum(wrong <= MAX_WRONG for wrong in wrongs)} of {len(wrongs)}",
        f"{best:.1%} ({low:.1%}..{high:.1%})",
    )


def _live_cells(live: Sequence[Live]) -> tuple[str, ...]:
    wrongs = [one.whole.wrong_share for one in live]
    firsts = [one.first_hit for one in live if one.first_hit >= 0]
    return (
        f"{mean(one.whole.recall for one in live):.1%}",
        f"{mean(one.last.recall for one in live):.1%}",
        f"{mean(wrongs):.2%} ({max(wrongs):.2%})",
        f"{mean(one.whole.wrong_of_hits for one in live):.1%}",
        f"{mean(firsts):,.0f} lookups" if firsts else "never",
        f"{sum(wrong <= MAX_WRONG for wrong in wrongs)} of {len(wrongs)}",
    )


def _ordered(lookups: Sequence[Lookup]) -> list[Lookup]:
    return sorted((one for one in lookups if one.similarity != _APART), key=lambda one: -one.similarity)


def _best(lookups: Sequence[Lookup], share: float) -> tuple[float, float, float]:
    """Duplicates hit at the threshold that knows all labels, with the 95 % interval of drawing the pairs (Wilson)."""
    wrong, threshold = 0, NEVER
    for one in _ordered(lookups):
        wrong += not one.same
        if wrong > share * len(lookups):
            break
        threshold = one.similarity
    duplicates = sum(one.same for one in lookups)
    hit = sum(one.same and one.similarity >= threshold for one in lookups)
    return (hit / max(1, duplicates), *_wilson(hit, duplicates))


def _wilson(got: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, got / of
    middle, reach = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2)
    scale = 1 + z * z / of
    return (middle - reach) / scale, (middle + reach) / scale


def _equal_share(lookups: Sequence[Lookup], recall: float) -> float:
    """Of the wrong hits at this share of duplicates hit, those whose two questions have the same words."""
    duplicates, right, wrong = sum(one.same for one in lookups), 0, []
    for one in _ordered(lookups):
        right += one.same
        if right > recall * duplicates:
            break
        if not one.same:
            wrong.append(take_apart(one.kept).words == take_apart(one.asked).words)
    return sum(wrong) / max(1, len(wrong))


def _spot(lookups: Sequence[Lookup], share: float) -> Spot:
    best, low, high = _best(lookups, share)
    return Spot(100 * share, 100 * best, 100 * low, 100 * high)


def _kept_apart(lookups: Sequence[Lookup]) -> dict[str, float]:
    """Share of each kind that the rules keep apart."""
    kinds: dict[str, Callable[[Lookup], bool]] = {
        "duplicates": lambda one: one.same,
        "different": lambda one: not one.same and not one.trap,
        "traps": lambda one: one.trap,
    }
    shares = {}
    for name, belongs in kinds.items():
        some = [one.similarity == _APART for one in lookups if belongs(one)]
        shares[name] = sum(some) / max(1, len(some))
    return shares


def _numbers(one: Outcome) -> dict[str, float]:
    return {
        "hit": one.recall,
        "wrong": one.wrong_share,
        "wrong_of_hits": one.wrong_of_hits,
        "traps_hit": one.traps_hit,
    }


BENCH = Bench(
    "semantic_cache", 17, "Answers given to questions that mean the same", 40_394, measure, ("words", "encoder")
)
