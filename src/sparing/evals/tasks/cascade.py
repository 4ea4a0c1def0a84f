"""Row 16, the weak answer seen: can the cascade's judge tell which answers of the embedded model are right?

Questions on a passage, right or wrong by their gold answers. The strong model is taken to be always right, so what is
recovered is what the judge sends on. The judge is the cascade's own (`generate.confidence`), one pass over four fifths
of the articles for each fifth.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparing.errors import SettingsError
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.routing.curve import curve, interval
from sparing.evals.routing.weak_answers import NUM_SAMPLES, SETS, WeakAnswer, answers, body_of, questions
from sparing.evals.task import Bench, Draw
from sparing.generate.agree import same_vote
from sparing.generate.asked import read_asked
from sparing.generate.confidence import Confidence
from sparing.generate.draft import Draft
from sparing.generate.signals import NAMES, signals_of, veto

_FOLDS = 5
_LEAST = 50  # answers
_PASSES = 10  # with other orders: what the judge learns depends a little on what it meets first
Signals = Callable[[WeakAnswer], Sequence[float]]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """n questions of each set; the option is a file that answers are read from and added to (``cascade:FILE``).

    Where minutes are given, each set has its share of them: what is not answered by then is left out.
    """
    chosen = {name: way for name, way in _WAYS.items() if not names or name in names}
    rows, found, few = list[tuple[str, ...]](), list[dict[str, object]](), list[str]()
    for data in SETS:
        said = asyncio.run(_asked(draw, data))
        rights = [one.right for one in said]
        if len(said) < _LEAST or all(rights) or not any(rights):
            few.append(f"{data}: {len(said)} answers, {sum(rights)} right, tell nothing.")
            continue
        for name, way in chosen.items():
            point = _measured(name, data, said, way(said, draw.seed), draw.seed)
            rows.append(point.row())
            found.append(point.as_json())
    if not rows:
        raise SettingsError(" ".join(few), hint="draw more, or give it more minutes")
    return Report(
        "cascade",
        "Which answers of the embedded model are right (scoreboard row 16, the weak answer seen)",
        (Table("", ("set, judge", "n", "right", "AUROC", "95 %, by article", "APGR", "95 %"), tuple(rows)),),
        (),
        (
            *few,
            "Right: holds a gold answer, or half of its words in common with one (F1). The strong model is taken to be "
            "always right.",
        ),
        {"row": 16, "seed": draw.seed, "points": found},
    )


@dataclass(frozen=True, slots=True)
class Point:
    """One judge on one set."""

    name: str
    data: str
    n: int
    right: float
    auroc: float
    auroc_bounds: tuple[float, float]
    apgr: float
    apgr_bounds: tuple[float, float]

    def row(self) -> tuple[str, ...]:
        def bounds(of: tuple[float, float]) -> str:
            return f"{of[0]:.3f} .. {of[1]:.3f}"

        first = (f"{self.data}, {self.name}", str(self.n), f"{self.right:.1%}", f"{self.auroc:.3f}")
        return (*first, bounds(self.auroc_bounds), f"{self.apgr:.3f}", bounds(self.apgr_bounds))

    def as_json(self) -> dict[str, object]:
        numbers = {"right": self.right, "auroc": self.auroc, "apgr": self.apgr}
        rounded = {name: round(number, 4) for name, number in numbers.items()}
        return {"data": self.data, "judge": self.name, "n": self.n, **rounded}


def auroc(chances: Sequence[float], rights: Sequence[bool]) -> float:
    """How often a right answer has a higher chance than a wrong one; ties count half."""
    ordered = sorted(zip(chances, rights, strict=True))
    won, wrong, at = 0.0, 0, 0
    while at < len(ordered):
        same = [right for chance, right in ordered[at:] if chance == ordered[at][0]]
        won += sum(same) * (wrong + (len(same) - sum(same)) / 2)
        wrong += len(same) - sum(same)
        at += len(same)
    return won / (wrong * (len(ordered) - wrong)) if 0 < wrong < len(ordered) else 0.5


def _measured(name: str, data: str, said: Sequence[WeakAnswer], chances: list[float], seed: int) -> Point:
    rights, groups = [one.right for one in said], [one.asked.group for one in said]
    gains, scores = [int(not right) for right in rights], [-chance for chance in chances]
    return Point(
        name,
        data,
        len(said),
        sum(rights) / len(rights),
        auroc(chances, rights),
        _auroc_bounds(chances, rights, groups, seed),
        curve(scores, gains, seed).apgr,
        interval(scores, gains, groups, seed),
    )


def _auroc_bounds(
    chances: Sequence[float], rights: Sequence[bool], groups: Sequence[str], seed: int, resamples: int = 300
) -> tuple[float, float]:
    rng, of = random.Random(seed), dict[str, list[int]]()
    for at, group in enumerate(groups):
        of.setdefault(group, []).append(at)
    names, found = sorted(of), []
    for _ in range(resamples):
        drawn = [at for name in rng.choices(names, k=len(names)) for at in of[name]]
        found.append(auroc([chances[at] for at in drawn], [rights[at] for at in drawn]))
    found.sort()
    return found[int(0.025 * resamples)], found[int(0.975 * resamples) - 1]


async def _asked(draw: Draw, data: str) -> list[WeakAnswer]:
    asked, said = questions(draw, data), []
    most_s = None if draw.minutes is None else 60 * draw.minutes / len(SETS)
    with track(f"asking the embedded model: {data}", len(asked)) as progress:
        async for one in answers(asked, Path(draw.option) if draw.option else None, most_s):
            said.append(one)
            progress.step()
    return said


def _signals(one: WeakAnswer, *, chances: bool, samples: bool) -> tuple[float, ...]:
    agreed = sum(same_vote(one.text, sample) for sample in one.samples)
    agreement = (agreed + 1) / (NUM_SAMPLES + 2) if samples else 0.5
    draft = Draft(one.text, one.ended, list(one.logprobs) if chances else [], agreement)
    return signals_of(read_asked(body_of(one.asked)), draft)


def _judge(*, chances: bool = False, samples: bool = False, only: str = "") -> Callable[..., list[float]]:
    """Chances by the cascade's judge, learned on other articles."""

    def judged(said: Sequence[WeakAnswer], seed: int) -> list[float]:
        rows = [_signals(one, chances=chances, samples=samples) for one in said]
        if only:
            return [row[NAMES.index(only)] for row in rows]
        names = sorted({one.asked.group for one in said})
        random.Random(seed).shuffle(names)
        fold_of = {name: at % _FOLDS for at, name in enumerate(names)}
        found = [0.0] * len(said)
        for fold in range(_FOLDS):
            known = [at for at, one in enumerate(said) if fold_of[one.asked.group] != fold]
            for number in range(_PASSES):
                judge = Confidence(len(NAMES), 0.9, 0.1)
                for at in random.Random(number).sample(known, len(known)):
                    judge.learn(rows[at], said[at].right)
                for at, one in enumerate(said):
                    if fold_of[one.asked.group] == fold:
                        found[at] += judge.chance(rows[at]) / _PASSES
        return found

    return judged


def _vetoed(said: Sequence[WeakAnswer], _seed: int) -> list[float]:
    return [float(not veto(read_asked(body_of(one.asked)), Draft(one.text, "stop"))) for one in said]


_WAYS: dict[str, Callable[..., list[float]]] = {
    "text alone": _judge(),
    "and chances of tokens": _judge(chances=True),
    "and samples": _judge(samples=True),
    "all": _judge(chances=True, samples=True),
    "mean chance of tokens": _judge(chances=True, only="mean chance of tokens"),
    "agreement of samples": _judge(samples=True, only="agreement of samples"),
    "vetoes alone": _vetoed,
}

BENCH = Bench("cascade", 16, "Which weak answers are right", 400, measure, tuple(_WAYS))
