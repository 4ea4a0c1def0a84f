"""What a document costs that other sessions sent before: CPU per request, by what is known of it.

Passages of Natural Questions put together to documents; in each request one of them and a question, in another session.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sparing.api import reduce
from sparing.conversation.memory import MEMORY
from sparing.evals.data import provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw, Sample
from sparing.evals.tasks import nq
from sparing.evals.units import o200k
from sparing.fragments import forget_fragments

_PASSAGES = (20, 80)


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """First time, another question, the same question: the median of CPU for one request."""
    rows, data = [], []
    for num_passages in _PASSAGES:
        samples = nq.load(replace(draw, option=str(num_passages), split="test"))
        tokens = sum(o200k().count(sample.text) for sample in samples) // len(samples)
        times = _times(samples)
        rows.append((f"{tokens:,}", *(f"{ms:.1f}" for ms in times.values())))
        data.append({"tokens": tokens, "n": len(samples), **{name: round(ms, 3) for name, ms in times.items()}})
    columns = ("tokens of the document", *(f"{name}, CPU ms" for name in data[0] if name not in ("tokens", "n")))
    notes = (f"n = {draw.n} documents, seed {draw.seed}, medians.", provenance(nq.SOURCE, draw.data_dir))
    return Report("fragments", BENCH.title, (Table("", columns, tuple(rows)),), (), notes, {"rows": data})


def _times(samples: Sequence[Sample[Any]]) -> dict[str, float]:
    questions = [sample.question for sample in samples]
    others = [*questions[1:], questions[0]]
    reduce(_request(samples[0], "What is it?"))  # models and vocabularies are loaded before
    spent: dict[str, list[float]] = {"first time": [], "another question": [], "the same again": []}
    with track("reducing", len(samples)) as progress:
        for sample, question, other in zip(samples, questions, others, strict=True):
            MEMORY.clear()
            forget_fragments()
            for name, asked in zip(spent, (question, other, other), strict=True):
                spent[name].append(_ms(partial(reduce, _request(sample, asked))))
            progress.step()
    return {name: statistics.median(times) for name, times in spent.items()}


def _request(sample: Sample[Any], question: str) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{sample.text}\n\n{question}?"}]}


def _ms(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return 1000 * (time.process_time() - started_s)


BENCH = Bench("fragments", 0, "Documents that other sessions sent before", 30, measure)
