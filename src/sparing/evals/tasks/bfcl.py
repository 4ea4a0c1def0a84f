"""Row 10: tokens of tool definitions saved while every gold call stays expressible and its tool ranked in.

Berkeley Function-Calling Leaderboard (Patil et al. 2025). Two measurements: every definition on its own, by effort; and
catalogues of many definitions with `most_tools` set, through the whole pipeline. Tokens are o200k of the JSON as an
application sends it (`json.dumps` with its defaults); blanks are cheap for a provider that renders definitions anew, so
the savings are given against minified JSON and in OpenAI's own notation too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence

from sparing.evals.bfcl.catalogues import Sent, catalogue, is_first, send, send_bm25
from sparing.evals.bfcl.forms import FORMS, numbers_of
from sparing.evals.bfcl.questions import SOURCE, Question, Tool, as_sent, every_tool, load
from sparing.evals.bfcl.tables import Alone, Figures, report
from sparing.evals.data import provenance
from sparing.evals.report import Report
from sparing.evals.stats import Estimate, estimate
from sparing.evals.task import Bench, Draw, Tally
from sparing.reducers.tool_schemas import shorten_tool
from sparing.toolset.memo import shortened

_SIZES = (50, 100, 200)
_MOST_TOOLS = (8, 16, 32)


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """Both measurements; n questions of each file for the catalogues, files chosen by the option."""
    questions = load(draw.data_dir, draw.option)
    pool = every_tool(questions)
    alone = _alone(questions)
    sizes = [size for size in _SIZES if size <= len(pool)]
    chosen = [one for some in questions.values() for one in _some(some, draw)]
    runs = {size: _catalogues(chosen, pool, size, draw.seed) for size in sizes}
    told_apart = _told_apart(chosen, pool, sizes[0], draw.seed) if sizes else {}
    files = {name: len(some) for name, some in questions.items()}
    return report(draw, provenance(SOURCE, draw.data_dir), Figures(files, alone, runs, told_apart, *_speed(pool)))


def _some(questions: Sequence[Question], draw: Draw) -> list[Question]:
    chosen = random.Random(draw.seed).sample(range(len(questions)), min(draw.n, len(questions)))
    return [questions[i] for i in sorted(chosen)]


def _alone(questions: Mapping[str, Sequence[Question]]) -> Alone:
    """File -> form -> pooled numbers over all questions."""
    return {name: {form: numbers_of(some, write) for form, write in FORMS.items()} for name, some in questions.items()}


def _catalogues(
    questions: Sequence[Question], pool: Mapping[str, Tool], size: int, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Way of sending -> saved, ranked in, cut."""
    drawn = [
        (question, catalogue(question, pool, size, random.Random(f"{seed}-{question.id}"))) for question in questions
    ]
    ways: dict[str, list[Sent]] = {"sparing, all tools": [send(question, tools, 0) for question, tools in drawn]}
    for most in _MOST_TOOLS:
        ways[f"sparing, most_tools {most}"] = [send(question, tools, most) for question, tools in drawn]
    ways[f"bm25, {_MOST_TOOLS[1]} tools"] = [send_bm25(question, tools, _MOST_TOOLS[1]) for question, tools in drawn]
    return {
        way: {
            "saved": estimate([Tally(one.tokens_before - one.tokens_after, one.tokens_before) for one in sent], seed),
            "ranked_in": estimate([Tally(one.ranked_in) for one in sent], seed),
            "cut": estimate([Tally(one.cut) for one in sent], seed),
        }
        for way, sent in ways.items()
    }


def _told_apart(questions: Sequence[Question], pool: Mapping[str, Tool], size: int, seed: int) -> dict[str, Estimate]:
    """Form -> how often a gold tool is first for textbook BM25 over the definitions in that form."""
    drawn = [
        (question, catalogue(question, pool, size, random.Random(f"{seed}-{question.id}"))) for question in questions
    ]
    return {
        form: estimate([Tally(is_first(q, tools, [write(tool) for tool in tools])) for q, tools in drawn], seed)
        for form, write in FORMS.items()
    }


def _speed(pool: Mapping[str, Tool]) -> tuple[float, float]:
    """CPU microseconds per definition, the first time and once it is remembered."""
    texts = [as_sent(tool) for tool in pool.values()]
    started = time.process_time()
    for text in texts:
        shorten_tool(text, "balanced")
    cold_s = time.process_time() - started
    for text in texts:
        shortened(text, "balanced")
    started = time.process_time()
    for text in texts:
        shortened(text, "balanced")
    return 1e6 * cold_s / len(texts), 1e6 * (time.process_time() - started) / len(texts)


BENCH = Bench("bfcl", 10, "BFCL, tool definitions", 100, measure)
