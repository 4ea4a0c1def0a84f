"""Are questions answered whose answer is there, and refused whose answer is not?

Questions of XQuAD and Natural Questions to a store of all paragraphs of their set, and the same questions to that store
without the article that answers: what is left is of the same kind and often of a kindred subject. Ways: ``extract``,
the passages' own sentences; ``model``, the embedded model, whose answer is checked (`finish/grounded/answer.py`).
Right: a gold answer stands in the answer as whole words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from sparing.core.store import Embedder, Store
from sparing.errors import SettingsError
from sparing.evals.data import provenance
from sparing.evals.grounding.asked import OWNER, Asked, Without, indexed, pool
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.retrieval.answering import MODEL, Answerer
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks import nq, xquad
from sparing.finish.citations import Checks
from sparing.finish.grounded.answer import SMALL_BUDGET_TOKENS, Grounded, Grounding, grounded_answer
from sparing.finish.grounded.extract import extracted, or_extracted
from sparing.finish.grounded.prompt import GroundedPrompt
from sparing.finish.grounded.refuse import best_chance
from sparing.retrieval import Retrieved, retrieve
from sparing.settings import PolicySettings

_SETS = ("xquad", "nq")
_EXTRACT_TOKENS = 1_500
_POLICY = PolicySettings(select="auto", deadline_ms=4_000)
_LEAST = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)

Way = Callable[[Store, Embedder | None, str], Grounded]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, once with and once without the article that answers."""

    answered: bool
    right: bool
    borne: float
    refused: bool
    chance: float
    chance_without: float
    tokens: int


def by_extract(store: Store, embedder: Embedder | None, question: str) -> Grounded:
    """Without a model."""
    return extracted(question, _retrieved(store, embedder, question, _EXTRACT_TOKENS))


def by_model() -> Way:
    """The embedded model, as the command line asks it."""
    model = Answerer()

    def way(store: Store, embedder: Embedder | None, question: str) -> Grounded:
        async def fetch(budget_tokens: int) -> Retrieved:
            return _retrieved(store, embedder, question, budget_tokens)

        async def ask(prompt: GroundedPrompt) -> str:
            return model.answer(f"{prompt.passages}\n\n", prompt.question, (".",)).text

        grounding = Grounding(SMALL_BUDGET_TOKENS, wider=1.0, small=True, checks=Checks("remove"))
        return or_extracted(question, asyncio.run(grounded_answer(question, fetch, ask, grounding)))

    return way


WAYS: Mapping[str, Callable[[], Way]] = {"extract": lambda: by_extract, "model": by_model}


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Ask `draw.n` questions about test articles (or the draw's split) of each set, or of the option's, twice.

    Raises:
        SettingsError: An unknown way or set, or data that are not there.
    """
    if unknown := (set(names) - WAYS.keys()) | ({draw.option} - {"", *_SETS}):
        raise SettingsError(f"no way or set is called {min(unknown)!r}", hint=f"known: {', '.join((*WAYS, *_SETS))}")
    draw = replace(draw, split=draw.split or "test")
    ways = {name: WAYS[name]() for name in names or WAYS}
    rows, chances, data = [], [], {}
    for name in _SETS if not draw.option else (draw.option,):
        made = pool(draw, name)
        with indexed(made) as (store, embedder):
            for way, answer in ways.items():
                outcomes = []
                with track(f"{name}, {way}", len(made.questions)) as progress:
                    for asked in made.questions:
                        outcomes.append(_outcome(store, embedder, asked, answer))
                        progress.step()
                rows.append(_row(name, way, outcomes))
                data[f"{name} {way}"] = [asdict(one) for one in outcomes]
        chances += _thresholds(name, outcomes)
    columns = (
        "set",
        "way",
        "n",
        "answered",
        "right",
        "right of answered",
        "claims borne out",
        "refused without",
        "tokens",
    )
    tables = (
        Table("Answerable questions answered, unanswerable ones refused", columns, tuple(rows)),
        Table(
            "By the least chance of the best passage alone",
            ("set", "least", "let by", "refused without"),
            tuple(chances),
        ),
    )
    notes = (
        f"Questions about {draw.split} articles, seed {draw.seed}. The model is {MODEL}, greedy, at most 32 tokens.",
        *(provenance(source, draw.data_dir) for source in (xquad.SOURCE, nq.SOURCE)),
    )
    return Report("grounded", BENCH.title, tables, (), notes, data)


def _retrieved(store: Store, embedder: Embedder | None, question: str, budget_tokens: int) -> Retrieved:
    return retrieve(store, embedder, question, OWNER, budget_tokens=budget_tokens, model=MODEL, policy=_POLICY)


def _outcome(store: Store, embedder: Embedder | None, asked: Asked, way: Way) -> Outcome:
    there = way(store, embedder, asked.question)
    gone = way(Without(store, asked.group), embedder, asked.question)
    claims = there.checked.claims if there.checked else ()
    return Outcome(
        not there.abstained,
        not there.abstained and nq.holds_answer(there.answer, asked.answers),
        sum(claim.supported for claim in claims) / len(claims) if claims else 0.0,
        bool(gone.abstained),
        best_chance(there.retrieved.fetched),
        best_chance(gone.retrieved.fetched),
        there.retrieved.tokens,
    )


def _row(name: str, way: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    n = len(outcomes)
    answered = [one for one in outcomes if one.answered]
    right = sum(one.right for one in outcomes)
    shares = (
        len(answered) / n,
        right / n,
        right / max(1, len(answered)),
        sum(one.borne for one in answered) / max(1, len(answered)),
        sum(one.refused for one in outcomes) / n,
    )
    return (name, way, str(n), *(f"{share:.1%}" for share in shares), f"{sum(one.tokens for one in outcomes) / n:,.0f}")


def _thresholds(name: str, outcomes: list[Outcome]) -> list[tuple[str, ...]]:
    n = len(outcomes)
    return [
        (
            name,
            f"{least:g}",
            f"{sum(one.chance >= least for one in outcomes) / n:.1%}",
            f"{sum(one.chance_without < least for one in outcomes) / n:.1%}",
        )
        for least in _LEAST
    ]


BENCH = Bench("grounded", 0, "Questions answered from a store, or refused", 100, measure, tuple(WAYS), splits=True)
