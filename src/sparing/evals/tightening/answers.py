"""Long answers whose gold facts are known, out of public data; a loader for each set.

A worked solution is an answer as it was given. The others are answers that go on about more than was asked: what
people wrote in reply to one query about a meeting beside what they wrote to the others, an encyclopaedia's passage
beside other passages on like subjects, a paragraph of a report beside its others and its table.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sparing.evals.bm25 import Bm25
from sparing.evals.data import first_file, folder, read_jsonl
from sparing.evals.splits import meeting_id
from sparing.evals.task import Draw, Sample
from sparing.evals.tasks import gsm8k, nq, qmsum, tatqa

Facts = tuple[str, ...]
"""Literal stretches of an answer that have to stay; each counts the same."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_NOTE = re.compile(r"<<[^>]*>>")
_FEWEST_LINES = 6
_PASSAGES = 4


def solutions(draw: Draw) -> list[Sample[Facts]]:
    """GSM8K: solutions of six lines or more; gold is the result, which stands in the last."""
    rows = read_jsonl(first_file(gsm8k.SOURCE, draw.data_dir, ("train.jsonl", "test.jsonl")))
    long = [row for row in rows if row["answer"].count("\n") >= _FEWEST_LINES]
    return _drawn(draw, (_solution(number, row) for number, row in enumerate(long)))


def _solution(number: int, row: Mapping[str, Any]) -> Sample[Facts]:
    answer = _NOTE.sub("", row["answer"])
    return Sample(f"gsm8k-{number}", answer, row["question"], (answer[answer.rindex("####") :].strip(),))


def meetings(draw: Draw) -> list[Sample[Facts]]:
    """QMSum: all that was written about a meeting, a paragraph for each query; gold are the sentences of the one that
    is asked."""
    found: list[Sample[Facts]] = []
    for path in sorted(folder(qmsum.SOURCE, draw.data_dir).glob("*.jsonl")):
        for number, meeting in enumerate(read_jsonl(path)):
            name = meeting_id(turn["content"] for turn in meeting["meeting_transcripts"])
            if draw.takes("qmsum", name):
                found += _meeting(f"{path.stem}-{number}", meeting["specific_query_list"])
    return _drawn(draw, iter(found))


def _meeting(name: str, queries: Sequence[Mapping[str, Any]]) -> Iterator[Sample[Facts]]:
    paragraphs = [" ".join(query["answer"].split()) for query in queries]
    for at, query in enumerate(queries):
        said = [one.strip() for one in _SENTENCE_END.split(paragraphs[at]) if one.strip()]
        if len(paragraphs) > 2 and said:
            yield Sample(f"qmsum-{name}-{at}", "\n\n".join(paragraphs), query["query"], tuple(said))


def passages(draw: Draw) -> list[Sample[Facts]]:
    """Natural Questions: the passage that answers and three on like subjects, in any order; gold is the answer."""
    found = nq.passages(draw.data_dir)
    index = Bm25([f"{passage.title} {passage.text}" for passage in found])
    rng = random.Random(draw.seed)
    usable = [
        at for at, one in enumerate(found) if draw.takes("nq", one.title) and nq.holds_answer(one.text, one.answers)
    ]
    chosen = sorted(rng.sample(usable, min(draw.n, len(usable))))
    samples = []
    for at in chosen:
        one = nq.sample_around(index, found, at, _PASSAGES, rng)
        text = re.sub(r"(?m)^(?:Document \[\d+\]\(Title: [^)]*\) |\[\d+\] .*\n)", "", one.text)
        samples.append(Sample(one.id, text, one.question, one.gold))
    return samples


def reports(draw: Draw) -> list[Sample[Facts]]:
    """TAT-QA: the paragraphs of a report with its table; gold are the figures that the answer rests on."""
    one_report = tatqa.load(Draw(draw.data_dir, draw.n, draw.seed, "1", draw.split))
    return [Sample(sample.id, _with_rule(sample.text), sample.question, sample.gold) for sample in one_report]


def _with_rule(text: str) -> str:
    """The table as an answer would write it: with the line below its head."""
    head = re.search(r"(?m)^\|.*\|$", text)
    if head is None:
        return text
    rule = "|" + " --- |" * (head[0].count(" | ") + 1)
    return f"{text[: head.end()]}\n{rule}{text[head.end() :]}"


def _drawn(draw: Draw, samples: Iterator[Sample[Facts]]) -> list[Sample[Facts]]:
    found = list(samples)
    chosen = sorted(random.Random(draw.seed).sample(range(len(found)), min(draw.n, len(found))))
    return [found[at] for at in chosen]


SETS: Mapping[str, Callable[[Draw], list[Sample[Facts]]]] = {
    "gsm8k": solutions,
    "qmsum": meetings,
    "nq": passages,
    "tatqa": reports,
}
