"""Answers of the embedded model: from a tenth of the tokens, retrieved, beside all that fits its window.

Ten questions of Natural Questions share a material: the passages that answer them and those most like each question and
each such passage, as many as fit the model's window. Each way of choosing gets the same prompt, the passages first;
`pool` retrieves from the passages of all questions instead, the same number of tokens.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from sparing.core.passage import Passage
from sparing.core.store import Store
from sparing.errors import SettingsError
from sparing.evals.bm25 import Bm25
from sparing.evals.data import provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.retrieval.answering import Answered, Answerer
from sparing.evals.retrieval.pools import Pool, Query, Text, pools
from sparing.evals.retrieval.rankers import OWNER, filled
from sparing.evals.splits import Split
from sparing.evals.stats import Estimate, difference, estimate
from sparing.evals.task import Bench, Draw, Tally
from sparing.evals.tasks import nq
from sparing.finish.grounded.prompt import grounded_prompt
from sparing.retrieval import Retrieved, Source, retrieve
from sparing.retrieve.embed.choose import MINILM, shipped
from sparing.settings import PolicySettings

WAYS = ("nothing", "bm25", "retrieved", "pool", "everything")
SHARE = 0.1
_TEST: tuple[Split, ...] = ("test",)
_WINDOW_TOKENS = 8_192
_KEPT_FREE_TOKENS = 256  # for the template, the question and the answer
_TOGETHER = 10  # questions of one material
_LIKE_EACH = 30  # passages most like a question or a gold passage, of which the rest of the material is made
_POLICY = PolicySettings(select="auto", deadline_ms=4_000)


@dataclass(frozen=True, slots=True)
class Material:
    """Questions and the passages that fill the model's window, in the order they are given.

    Attributes:
        tokens: Of all of them in the model's own tokens.
    """

    queries: tuple[Query, ...]
    texts: tuple[Text, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way over all questions."""

    way: str
    answered: tuple[Answered, ...]
    held: tuple[bool, ...]
    cpu_s: float


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Every way over the same questions of test groups.

    Raises:
        SettingsError: PyTorch is not here, or no data.
        ModelMissing: The model's weights are not here.
    """
    for module in ("torch", "transformers", "gguf", "onnxruntime"):
        if find_spec(module) is None:
            raise SettingsError(f"{module} is not installed", hint="pip install 'sparing[torch,select]'")
    ways = names or WAYS
    answerer = Answerer()
    (pool,) = pools(draw.data_dir, _TEST, ("nq",))
    materials = _materials(pool, draw, answerer.count)
    embedder = shipped(MINILM)
    outcomes = []
    with filled(pool.texts, embedder) as whole, track("retrieval_qa", draw.n * len(ways)) as progress:
        for way in ways:
            progress.show(way)
            outcomes.append(_outcome(way, whole, answerer, materials, progress.step))
    return _report(draw, outcomes, materials)


def _materials(pool: Pool, draw: Draw, count: Callable[[str], int]) -> list[Material]:
    rng = random.Random(draw.seed)
    index = Bm25([text.whole for text in pool.texts])
    chosen = rng.sample(pool.queries, min(draw.n, len(pool.queries)))
    groups = [tuple(chosen[start : start + _TOGETHER]) for start in range(0, len(chosen), _TOGETHER)]
    return [_material(pool, queries, index, rng, count) for queries in groups]


def _material(
    pool: Pool, queries: tuple[Query, ...], index: Bm25, rng: random.Random, count: Callable[[str], int]
) -> Material:
    """The gold passages, then what is most like the questions and like them, none of it with an answer."""
    gold = [place for query in queries for place in query.gold]
    asked = [*(query.question for query in queries), *(pool.texts[place].whole for place in gold)]
    ranked = zip(*(index.best(text, _LIKE_EACH) for text in asked), strict=True)
    others = [place for places in ranked for place in places if not _answers(pool.texts[place], queries)]
    room = _WINDOW_TOKENS - _KEPT_FREE_TOKENS
    taken: list[int] = []
    for place in dict.fromkeys((*gold, *others)):
        cost = _cost(pool.texts[place], count)
        if cost <= room:
            taken.append(place)
            room -= cost
    rng.shuffle(taken)
    return Material(queries, tuple(pool.texts[place] for place in taken), _WINDOW_TOKENS - _KEPT_FREE_TOKENS - room)


def _answers(text: Text, queries: Sequence[Query]) -> bool:
    return any(nq.holds_answer(text.whole, query.answers) for query in queries)


def _cost(text: Text, count: Callable[[str], int]) -> int:
    return count(f"{text.whole}\n\n")


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Gives what one way sends of a material for a question.

    Attributes:
        store: To retrieve from.
    """

    way: str
    material: Material
    store: Store
    count: Callable[[str], int]

    def sources(self, question: str) -> Sequence[Source]:
        texts, budget = self.material.texts, round(SHARE * self.material.tokens)
        if self.way == "everything":
            return _as_sources(texts)
        if self.way == "nothing":
            return ()
        if self.way == "bm25":
            order = Bm25([text.whole for text in texts]).best(question, len(texts))
            return self._filled([texts[place] for place in order], budget)
        return self._within(question, budget)

    def _filled(self, texts: Sequence[Text], budget: int) -> Sequence[Source]:
        """Whole passages in this order while there is room."""
        taken: list[Text] = []
        for text in texts:
            cost = _cost(text, self.count)
            if cost <= budget:
                taken.append(text)
                budget -= cost
        return _as_sources(taken)

    def _within(self, question: str, budget: int) -> Sequence[Source]:
        """The product counts by an estimate for this family of models; the budget is in the model's own tokens."""
        aim = budget
        while aim > 0:
            found = retrieve(
                self.store, shipped(MINILM), question, OWNER, budget_tokens=aim, model="smollm2", policy=_POLICY
            ).sources
            spent = sum(self.count(f"{source.passage.heads}\n{source.text}\n\n") for source in found)
            if spent <= budget:
                return found
            aim -= max(spent - budget, 8)
        return ()


def _as_sources(texts: Sequence[Text]) -> Sequence[Source]:
    return [
        Source(number, Passage(number, str(number), 0, text.text, "", text.heads), text.text, 0, 1.0, ())
        for number, text in enumerate(texts, 1)
    ]


def _outcome(
    way: str, whole: Store, answerer: Answerer, materials: Sequence[Material], step: Callable[[], None]
) -> Outcome:
    answered: list[Answered] = []
    held: list[bool] = []
    start_s = time.process_time()
    for material in materials:
        with filled(material.texts, shipped(MINILM)) as own:
            choose = _Chooser(way, material, whole if way == "pool" else own, answerer.count)
            for query in material.queries:
                sources = choose.sources(query.question)
                prompt = grounded_prompt(query.question, _sent(query.question, sources), small=True)
                before = f"{prompt.passages}\n\n" if sources else ""
                answered.append(answerer.answer(before, prompt.question, query.answers))
                held.append(nq.holds_answer(" ".join(source.text for source in sources), query.answers))
                step()
    return Outcome(way, tuple(answered), tuple(held), time.process_time() - start_s)


def _sent(question: str, sources: Sequence[Source]) -> Retrieved:
    return Retrieved(question, tuple(sources), (), 0, 0)


def _scores(outcome: Outcome, materials: Sequence[Material]) -> Mapping[str, list[Tally]]:
    gold = [query.answers for material in materials for query in material.queries]
    pairs = list(zip(outcome.answered, gold, strict=True))
    return {
        "f1": [Tally(one.f1(answers)) for one, answers in pairs],
        "holds": [Tally(float(one.holds(answers))) for one, answers in pairs],
        "nats": [Tally(one.gold_nats) for one, _ in pairs],
        "evidence": [Tally(float(held)) for held in outcome.held],
    }


def _report(draw: Draw, outcomes: Sequence[Outcome], materials: Sequence[Material]) -> Report:
    scored = {outcome.way: _scores(outcome, materials) for outcome in outcomes}
    whole = scored.get("everything")
    rows = []
    for outcome in outcomes:
        scores = scored[outcome.way]
        asked = len(outcome.answered)
        tokens = sum(one.prompt_tokens for one in outcome.answered) / asked
        cells = [
            f"{tokens:,.0f}",
            _percent(estimate(scores["evidence"])),
            _percent(estimate(scores["f1"])),
            _percent(estimate(scores["holds"])),
            _plain(estimate(scores["nats"])),
        ]
        beside = whole is not None and outcome.way != "everything"
        cells += (
            [_signed(difference(scores["f1"], whole["f1"]), 100), _signed(difference(scores["nats"], whole["nats"]), 1)]
            if beside and whole
            else ["", ""]
        )
        rows.append((outcome.way, *cells, f"{outcome.cpu_s / asked:.1f}"))
    heads = (
        "sent",
        "prompt tokens",
        "answer is there, %",
        "F1, %",
        "answer holds gold, %",
        "gold answer, nats a token",
        "F1 minus everything's",
        "nats minus everything's",
        "CPU s / question",
    )
    passages = sum(len(material.texts) for material in materials) / len(materials)
    tokens = sum(material.tokens for material in materials) / len(materials)
    notes = (
        f"{_num_queries(materials)} questions of test groups, seed {draw.seed}; a material has {passages:.0f} passages "
        f"on average, {tokens:,.0f} tokens of the model; 95 % intervals by the paired bootstrap.",
        f"All but nothing and everything send at most {100 * SHARE:g} % of the material's tokens. bm25: whole passages "
        "of it, best first; retrieved: from it; pool: from the passages of all questions.",
        "SmolLM2-135M-Instruct, greedy, 32 tokens; the same prompt for all. CPU time counts the reading of a material "
        "once for its ten questions, where all of it is sent.",
        provenance(nq.SOURCE, draw.data_dir),
    )
    data = {
        "n": _num_queries(materials),
        "seed": draw.seed,
        "ways": {o.way: _as_json(o, scored[o.way]) for o in outcomes},
    }
    return Report("retrieval_qa", BENCH.title, (Table("", heads, tuple(rows)),), (), notes, data)


def _num_queries(materials: Sequence[Material]) -> int:
    return sum(len(material.queries) for material in materials)


def _as_json(outcome: Outcome, scores: Mapping[str, Sequence[Tally]]) -> dict[str, Any]:
    return {
        **{name: [tally.got for tally in tallies] for name, tallies in scores.items()},
        "prompt_tokens": [one.prompt_tokens for one in outcome.answered],
        "answers": [one.text for one in outcome.answered],
        "cpu_s": outcome.cpu_s,
    }


def _percent(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.0f}..{100 * e.high:.0f})"


def _plain(e: Estimate) -> str:
    return f"{e.mean:.2f} ({e.low:.2f}..{e.high:.2f})"


def _signed(e: Estimate, scale: float) -> str:
    return f"{scale * e.mean:+.2f} ({scale * e.low:+.2f}..{scale * e.high:+.2f})"


BENCH = Bench("retrieval_qa", 0, "Answers of the embedded model from what is retrieved", 50, measure, WAYS)
