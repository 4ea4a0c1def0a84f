"""Row 17: true duplicates that get a kept answer, with at most 0.5 % of lookups wrong.

A lookup is a pair: one question was answered, the other is asked; its candidate is known, so that what is measured is
the decision. Quora's question pairs are the traffic, mixed with near misses of a bank's customers (two different
intents that look alike), which must not be hit at all. Wrong: hit although people said that the two differ.

Two measurements. *Splits*: 100 times half of the lookups, drawn at random, are what the bound learns from and certifies
a threshold with, and the other half is looked up. *Live*: all lookups one after the other through the bound as the
gateway runs it, cold at first, with its audits, in several random orders; labels come from the audits alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from sparing.errors import SelectorMissing, SettingsError
from sparing.evals.answered.allowed import allowed
from sparing.evals.answered.lookups import KEPT_APART, Lookup, look_up, traps_of
from sparing.evals.answered.runs import MAX_WRONG, Live, Outcome, Split, run_live, run_split
from sparing.evals.data import provenance
from sparing.evals.paraphrases import BANKING77, QQP
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.stats import wilson
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.generate.cache.semantic.bound import CONFIDENCE
from sparing.generate.cache.semantic.embed import Embedder, Encoder, Lexical, Remembering, Sentences
from sparing.settings import load_settings

_SPLITS = 100
_ORDERS = 20
_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
_NOTES = (
    f"A threshold stands with a confidence of {CONFIDENCE:.3%} that its share of wrong answers is below the bound.",
    "Numbers, names, negations, units and language have to agree before similarity is asked.",
    "Alone: the similarity of the two questions decides; with the crowd: also how many other questions are alike.",
    "Wrong is counted by Quora's labels; many a pair that they call different asks the same in other words.",
    "MiniLM was trained on Quora's pairs among others, so its lines are flattered.",
)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Every embedding that there is; ``labels`` is what the labels allow, a report of its own that takes seconds."""
    if _LABELS in names:
        return allowed(draw, traps_of(draw))
    rows, live_rows, series, data, notes = [], [], [], {}, []
    for name in names or ("words", "encoder"):
        embedder = _embedder(name)
        if embedder is None:
            notes.append(f"{name} did not run: it is not installed, and SPARING_CACHE__ENCODER names no folder of one.")
            continue
        lookups = look_up(draw, embedder, name)
        data[name] = {"embedder": embedder.name, "lookups": len(lookups), "kept_apart": _kept_apart(lookups)}
        for how, by_crowd in (("alone", False), ("with the crowd", True)):
            splits, live = _run(lookups, f"{name} {how}", by_crowd)
            rows.append((f"{name}, {how}", *_split_cells(splits)))
            live_rows.append((f"{name}, {how}", *_live_cells(live)))
            series.append(Series(f"{name}, {how}", tuple(_spot(splits[0], share) for share in _SHARES)))
            data[f"{name}, {how}"] = _data(splits, live)
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


def _run(lookups: Sequence[Lookup], what: str, by_crowd: bool) -> tuple[list[Split], list[Live]]:
    with track(what, _SPLITS + _ORDERS) as progress:
        splits, live = [], []
        for seed in range(_SPLITS):
            splits.append(run_split(lookups, seed, by_crowd=by_crowd))
            progress.step()
        for seed in range(_ORDERS):
            live.append(run_live(lookups, seed, by_crowd=by_crowd))
            progress.step()
    return splits, live


def _embedder(name: str) -> Embedder | None:
    if name == "words":
        return Remembering(Lexical(), most=200_000)
    if name != "encoder":
        raise SettingsError(f"no embedding is called {name!r}", hint="known: words, encoder, labels")
    if folder := load_settings().cache.encoder:
        return Remembering(Encoder(Path(folder).expanduser()), most=200_000)
    try:
        from sparing.select.sentence import sentence_embedding

        return Remembering(Sentences(sentence_embedding()), most=200_000)
    except (ImportError, SelectorMissing):
        return None


_LABELS = "labels"
_COLUMNS = (
    "decided by",
    "duplicates hit (least, most)",
    "wrong, of lookups (most)",
    "wrong, of hits",
    "of these equal but for case and punctuation, for function words",
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


def _split_cells(splits: Sequence[Split]) -> tuple[str, ...]:
    outcomes = [one.outcome for one in splits]
    recalls, wrongs = [one.recall for one in outcomes], [one.wrong_share for one in outcomes]
    wrong = max(1, sum(one.wrong for one in outcomes))
    return (
        f"{mean(recalls):.1%} ({min(recalls):.1%}..{max(recalls):.1%})",
        f"{mean(wrongs):.2%} ({max(wrongs):.2%})",
        f"{mean(one.wrong_of_hits for one in outcomes):.1%}",
        f"{sum(one.wrong_equal for one in outcomes) / wrong:.0%}, "
        f"{sum(one.wrong_alike for one in outcomes) / wrong:.0%}",
        f"{sum(one.traps_hit for one in outcomes)} of {sum(one.traps for one in outcomes):,}",
        f"{sum(wrong <= MAX_WRONG for wrong in wrongs)} of {len(wrongs)}",
        f"{mean(one.best(MAX_WRONG) for one in splits):.1%}",
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


def _spot(split: Split, share: float) -> Spot:
    best = split.best(share)
    low, high = wilson(round(best * split.outcome.duplicates), split.outcome.duplicates)
    return Spot(100 * share, 100 * best, 100 * low, 100 * high)


def _data(splits: Sequence[Split], live: Sequence[Live]) -> dict[str, object]:
    return {
        "thresholds": [one.threshold for one in splits],
        "crowd": [one.score.crowd for one in splits],
        "splits": [_numbers(one.outcome) for one in splits],
        "live": [
            {**_numbers(one.whole), "last_quarter": _numbers(one.last), "first_hit": one.first_hit} for one in live
        ],
    }


def _kept_apart(lookups: Sequence[Lookup]) -> dict[str, float]:
    """Share of each kind that the rules keep apart."""
    kinds: dict[str, Callable[[Lookup], bool]] = {
        "duplicates": lambda one: one.same,
        "different": lambda one: not one.same and not one.trap,
        "traps": lambda one: one.trap,
    }
    shares = {}
    for name, belongs in kinds.items():
        some = [one.similarity == KEPT_APART for one in lookups if belongs(one)]
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
    "semantic_cache",
    17,
    "Answers given to questions that mean the same",
    40_394,
    measure,
    ("words", "encoder", _LABELS),
)
