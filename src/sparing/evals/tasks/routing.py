"""Row 16: which questions need the strong model? Recorded outcomes of two models, subjects held out.

Every question is scored by a model that was fitted without its subject (five folds of subjects). The data tell whether
each model was right, not what it answered, so this is routing before anyone is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from sparing.errors import SettingsError
from sparing.evals.data import Source, folder, provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.routing.curve import Curve, curve, interval
from sparing.evals.routing.meaning import embedded, fit_meaning
from sparing.evals.routing.words import fit_words
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.generate.question_form import form_of
from sparing.generate.training.outcomes import Outcome, read_outcomes
from sparing.generate.training.router import fit

SOURCE = Source("routing", "https://github.com/lm-sys/RouteLLM", "Apache-2.0", "mmlu_<subject>.csv")
_FOLDS = 5
_SHOWN = 20  # points of the drawn curve
_PRIOR = 10  # questions of the mean gain that a subject's own are drawn towards
_MEANING = "form and meaning"  # takes minutes: only where it is asked for

Scores = list[float]
Way = Callable[[Sequence[Outcome], int], Scores]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Score all questions by every way asked for; n is the number of questions drawn (all by default)."""
    outcomes = list(read_outcomes(folder(SOURCE, draw.data_dir)))
    if not outcomes:
        raise SettingsError(
            f"no outcomes in {draw.data_dir / SOURCE.folder}", hint=f"get {SOURCE.get} from {SOURCE.url}"
        )
    if draw.n < len(outcomes):
        outcomes = random.Random(draw.seed).sample(outcomes, draw.n)
    gains = [one.gain for one in outcomes]
    subjects = [one.subject for one in outcomes]
    if not sum(gains):
        raise SettingsError(f"{len(outcomes)} questions show no gap between the models", hint="draw more")
    chosen = {name: way for name, way in _WAYS.items() if name in (names or _WAYS.keys() - {_MEANING})}
    points = []
    with track("routing", len(chosen)) as progress:
        for name, way in chosen.items():
            progress.show(name)
            scores = way(outcomes, draw.seed)
            points.append(Point(name, curve(scores, gains, draw.seed), interval(scores, gains, subjects, draw.seed)))
            progress.step()
    weak, strong = (sum(getattr(one, side) for one in outcomes) / len(outcomes) for side in ("weak", "strong"))
    return Report(
        "routing",
        "Routing before anyone is asked, subjects held out (scoreboard row 16)",
        (Table("", ("method", "APGR", "95 %, by subject", "CPT50", "CPT80"), tuple(point.row() for point in points)),),
        (Chart("Quality recovered", "share of strong calls", "share of the gap", tuple(map(_series, points))),),
        (
            f"{len(gains):,} questions of {len(set(subjects))} subjects; right: weak {weak:.3f}, strong {strong:.3f}.",
            "No ways to route, but what the data allow: subjects' means (known: of all their questions; seen: of their "
            "other questions), the form of questions weighed by these very outcomes, and the oracle.",
            "The data hold no answers, only whether they were right: nothing here has seen the weak model's answer.",
            provenance(SOURCE, draw.data_dir),
        ),
        {
            "row": 16,
            "n": len(outcomes),
            "seed": draw.seed,
            "weak": round(weak, 4),
            "strong": round(strong, 4),
            "points": [point.as_json() for point in points],
        },
    )


@dataclass(frozen=True, slots=True)
class Point:
    """One way of routing; `bounds` is the 95 % interval of its APGR."""

    name: str
    curve: Curve
    bounds: tuple[float, float]

    def row(self) -> tuple[str, ...]:
        low, high = self.bounds
        shares = (f"{100 * self.curve.cpt(recovered):.0f} %" for recovered in (0.5, 0.8))
        return (self.name, f"{self.curve.apgr:.3f}", f"{low:.3f} .. {high:.3f}", *shares)

    def as_json(self) -> dict[str, object]:
        low, high = self.bounds
        numbers = {"apgr": self.curve.apgr, "low": low, "high": high, "cpt50": self.curve.cpt(0.5)}
        numbers["cpt80"] = self.curve.cpt(0.8)
        return {"method": self.name, **{name: round(number, 4) for name, number in numbers.items()}}


def _series(point: Point) -> Series:
    recovered = point.curve.recovered
    last = len(recovered) - 1
    picked = [round(at * last / _SHOWN) for at in range(_SHOWN + 1)]
    return Series(point.name, tuple(Spot(at / last, recovered[at], recovered[at], recovered[at]) for at in picked))


def _held_out(outcomes: Sequence[Outcome], seed: int, fitted: Callable[[list[int]], Callable[[int], float]]) -> Scores:
    """Scores by models that were fitted without a fifth of the subjects, for that fifth."""
    subjects = sorted({one.subject for one in outcomes})
    random.Random(seed).shuffle(subjects)
    fold_of = {subject: at % _FOLDS for at, subject in enumerate(subjects)}
    scores = [0.0] * len(outcomes)
    for fold in range(_FOLDS):
        known = [at for at, one in enumerate(outcomes) if fold_of[one.subject] != fold]
        score = fitted(known)
        for at, one in enumerate(outcomes):
            if fold_of[one.subject] == fold:
                scores[at] = score(at)
    return scores


def _sparing(outcomes: Sequence[Outcome], seed: int) -> Scores:
    forms = [form_of(one.prompt) for one in outcomes]

    def fitted(known: list[int]) -> Callable[[int], float]:
        model = fit([outcomes[at] for at in known], [forms[at] for at in known])
        return lambda at: model.score(forms[at])

    return _held_out(outcomes, seed, fitted)


def _with_meaning(outcomes: Sequence[Outcome], seed: int) -> Scores:
    """The form of the question, and half as much what it is about."""
    vectors, gains = embedded([one.prompt for one in outcomes]), [float(one.gain > 0) for one in outcomes]
    by_form = _sparing(outcomes, seed)
    by_meaning = _held_out(outcomes, seed, lambda known: fit_meaning(vectors, gains, known))
    form_scale, scale = pstdev(by_form) or 1.0, pstdev(by_meaning) or 1.0
    return [form / form_scale + 0.5 * meaning / scale for form, meaning in zip(by_form, by_meaning, strict=True)]


def _tf_idf(outcomes: Sequence[Outcome], seed: int) -> Scores:
    def fitted(known: list[int]) -> Callable[[int], float]:
        model = fit_words([outcomes[at].prompt for at in known], [outcomes[at].gain > 0 for at in known], seed)
        return lambda at: model.score(outcomes[at].prompt)

    return _held_out(outcomes, seed, fitted)


def _length(outcomes: Sequence[Outcome], _seed: int) -> Scores:
    return [float(len(one.prompt)) for one in outcomes]


def _random(outcomes: Sequence[Outcome], seed: int) -> Scores:
    rng = random.Random(seed + 1)
    return [rng.random() for _ in outcomes]


def _subject_means(outcomes: Sequence[Outcome], _seed: int) -> Scores:
    """Not a way to route: what knowing every subject's true gain, and nothing of the question, would be worth."""
    gains: dict[str, list[int]] = {}
    for one in outcomes:
        gains.setdefault(one.subject, []).append(one.gain)
    return [sum(gains[one.subject]) / len(gains[one.subject]) for one in outcomes]


def _subjects_seen(outcomes: Sequence[Outcome], seed: int) -> Scores:
    """Not held out by subject: its mean over other questions of the same subject, beside the form of the question."""
    rng, forms = random.Random(seed), [form_of(one.prompt) for one in outcomes]
    fold_of = [rng.randrange(_FOLDS) for _ in outcomes]
    by_form, by_subject = [0.0] * len(outcomes), [0.0] * len(outcomes)
    for fold in range(_FOLDS):
        known = [at for at, its in enumerate(fold_of) if its != fold]
        model = fit([outcomes[at] for at in known], [forms[at] for at in known])
        mean = sum(outcomes[at].gain for at in known) / len(known)
        gains: dict[str, list[float]] = {}
        for at in known:
            gains.setdefault(outcomes[at].subject, [mean] * _PRIOR).append(outcomes[at].gain)
        for at, one in enumerate(outcomes):
            if fold_of[at] == fold:
                by_form[at] = model.score(forms[at])
                by_subject[at] = fmean(gains.get(one.subject, [mean]))
    return _together(by_form, by_subject)


def _told(outcomes: Sequence[Outcome], seed: int) -> Scores:
    """Not a way to route: every subject's true gain, and the form weighed by these very questions' outcomes."""
    forms = [form_of(one.prompt) for one in outcomes]
    model = fit(outcomes, forms)
    return _together([model.score(form) for form in forms], _subject_means(outcomes, seed))


def _together(some: Scores, others: Scores) -> Scores:
    """Both, of equal weight."""
    scale, others_scale = pstdev(some) or 1.0, pstdev(others) or 1.0
    return [one / scale + other / others_scale for one, other in zip(some, others, strict=True)]


def _oracle(outcomes: Sequence[Outcome], _seed: int) -> Scores:
    return [float(one.gain) for one in outcomes]


_WAYS: dict[str, Way] = {
    "sparing": _sparing,
    "length": _length,
    "tf-idf": _tf_idf,
    "random": _random,
    "subject means, known": _subject_means,
    "subjects seen, and form": _subjects_seen,
    "subject means and form, told the outcomes": _told,
    "oracle": _oracle,
    _MEANING: _with_meaning,
}

BENCH = Bench("routing", 16, "Routing before anyone is asked", 1_000_000, measure, tuple(_WAYS))
