"""Answers of the embedded model: from a tenth of the tokens, retrieved, beside all that fits its window.

The material of a question is as many passages of Natural Questions as fit the model's window: the one that answers,
and those most like the question and like that passage. Each way of choosing gets the same prompt; `pool` retrieves
from the passages of all questions instead, the same number of tokens.
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
from sparing.retrieve.embed.shipped import shipped
from sparing.settings import PolicySettings

WAYS = ("nothing", "first", "bm25", "retrieved", "pool", "everything")
SHARE = 0.1
_TEST: tuple[Split, ...] = ("test",)
_WINDOW_TOKENS = 8_192
_KEPT_FREE_TOKENS = 256  # for the template, the question and the answer
_MOST_PASSAGES = 120
_POLICY = PolicySettings(select="auto", deadline_ms=4_000)


@dataclass(frozen=True, slots=True)
class Material:
    """A question and the passages that fill the model's window, in the order they are given.

    Attributes:
        tokens: Of all of them in the model's own tokens.
    """

    query: Query
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
    materials = list(_materials(pool, draw, answerer.count))
    embedder = shipped()
    outcomes = []
    with filled(pool.texts, embedder) as whole, track("retrieval_qa", len(materials) * len(ways)) as progress:
        for way in ways:
            progress.show(way)
            choose = _Chooser(way, whole, answerer.count)
            outcomes.append(_outcome(way, choose, answerer, materials, progress.step))
    return _report(draw, outcomes, materials)


def _materials(pool: Pool, draw: Draw, count: Callable[[str], int]) -> Sequence[Material]:
    rng = random.Random(draw.seed)
    index = Bm25([text.whole for text in pool.texts])
    chosen = sorted(rng.sample(range(len(pool.queries)), min(draw.n, len(pool.queries))))
    return [_material(pool, pool.queries[at], index, rng, count) for at in chosen]


def _material(pool: Pool, query: Query, index: Bm25, rng: random.Random, count: Callable[[str], int]) -> Material:
    (gold,) = query.gold
    room = _WINDOW_TOKENS - _KEPT_FREE_TOKENS
    best = zip(*(index.best(asked, _MOST_PASSAGES) for asked in (query.question, pool.texts[gold].text)), strict=True)
    taken, tokens = [gold], _cost(pool.texts[gold], count)
    for place in dict.fromkeys(place for pair in best for place in pair):
        cost = _cost(pool.texts[place], count)
        if place == gold or nq.holds_answer(pool.texts[place].whole, query.answers) or tokens + cost > room:
            continue
        taken.append(place)
        tokens += cost
    rng.shuffle(taken)
    return Material(query, tuple(pool.texts[place] for place in taken), tokens)


def _cost(text: Text, count: Callable[[str], int]) -> int:
    return count(f"{text.whole}\n\n")


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Gives the sources that one way sends."""

    way: str
    whole: Store
    count: Callable[[str], int]

    def __call__(self, material: Material) -> Sequence[Source]:
        budget = round(SHARE * material.tokens)
        asked = material.query.question
        if self.way == "everything":
            return _as_sources(material.texts)
        if self.way == "nothing":
            return ()
        if self.way == "first":
            return self._filled(material.texts, budget)
        if self.way == "bm25":
            order = Bm25([text.whole for text in material.texts]).best(asked, len(material.texts))
            return self._filled([material.texts[place] for place in order], budget)
        if self.way == "pool":
            return self._within(lambda tokens: _retrieved(self.whole, asked, tokens), budget)
        with filled(material.texts, shipped()) as store:
            return self._within(lambda tokens: _retrieved(store, asked, tokens), budget)

    def _filled(self, texts: Sequence[Text], budget: int) -> Sequence[Source]:
        """Whole passages in this order while there is room."""
        taken: list[Text] = []
        for text in texts:
            cost = _cost(text, self.count)
            if cost <= budget:
                taken.append(text)
                budget -= cost
        return _as_sources(taken)

    def _within(self, retrieved: Callable[[int], Retrieved], budget: int) -> Sequence[Source]:
        """The product counts by an estimate for this family of models; the budget is in the model's own tokens."""
        aim = budget
        while True:
            found = retrieved(aim).sources
            spent = sum(self.count(f"{s.passage.heads}\n{s.text}\n\n") for s in found)
            if spent <= budget:
                return found
            aim -= max(spent - budget, 8)


def _retrieved(store: Store, question: str, budget: int) -> Retrieved:
    return retrieve(store, shipped(), question, OWNER, budget_tokens=max(1, budget), model="smollm2", policy=_POLICY)


def _as_sources(texts: Sequence[Text]) -> Sequence[Source]:
    return [
        Source(number, Passage(number, str(number), 0, text.text, "", text.heads), text.text, 0, 1.0, ())
        for number, text in enumerate(texts, 1)
    ]


def _outcome(
    way: str, choose: _Chooser, answerer: Answerer, materials: Sequence[Material], step: Callable[[], None]
) -> Outcome:
    answered, held = [], []
    start_s = time.process_time()
    for material in materials:
        sources = choose(material)
        prompt = grounded_prompt(material.query.question, _sent(material.query.question, sources), small=True)
        user = prompt.messages[-1]["content"].strip()
        answered.append(answerer.answer(user, material.query.answers))
        held.append(nq.holds_answer(" ".join(source.text for source in sources), material.query.answers))
        step()
    return Outcome(way, tuple(answered), tuple(held), time.process_time() - start_s)


def _sent(question: str, sources: Sequence[Source]) -> Retrieved:
    return Retrieved(question, tuple(sources), (), 0, 0)


def _scores(outcome: Outcome, materials: Sequence[Material]) -> Mapping[str, list[Tally]]:
    pairs = list(zip(outcome.answered, (m.query.answers for m in materials), strict=True))
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
        tokens = sum(one.prompt_tokens for one in outcome.answered) / len(materials)
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
        rows.append((outcome.way, *cells, f"{outcome.cpu_s / len(materials):.1f}"))
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
        f"{len(materials)} questions of test groups, seed {draw.seed}; a question's material has {passages:.0f} "
        f"passages on average, {tokens:,.0f} tokens of the model; 95 % intervals by the paired bootstrap.",
        f"All but nothing and everything send at most {100 * SHARE:g} % of the material's tokens. first: passages from "
        "the front; bm25: whole passages, best first; retrieved: from the question's own material; pool: from the "
        "passages of all questions.",
        "SmolLM2-135M-Instruct, greedy, 32 tokens; the same prompt for all.",
        provenance(nq.SOURCE, draw.data_dir),
    )
    data = {
        "n": len(materials),
        "seed": draw.seed,
        "ways": {o.way: _as_json(o, scored[o.way]) for o in outcomes},
    }
    return Report("retrieval_qa", BENCH.title, (Table("", heads, tuple(rows)),), (), notes, data)


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


BENCH = Bench("retrieval_qa", 0, "Answers of the embedded model from what is retrieved", 40, measure, WAYS)
