"""Row 4: how much of the turns that answer a query about a meeting survives?

QMSum (Zhong et al. 2021): meeting transcripts, queries, and the spans of turns annotated as relevant. A turn is one
line, ``Speaker: words``. Kept is counted in tokens of the gold turns, by aligning the output's words with the
transcript's, so part of a turn counts as part.
"""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from sparing.errors import SettingsError
from sparing.evals.align import kept_words, words
from sparing.evals.data import Source, folder, read_jsonl
from sparing.evals.splits import meeting_id
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source("qmsum", "https://github.com/Yale-LILY/QMSum", "MIT", "data/ALL/jsonl/val.jsonl (or train, test)")

Spans = tuple[tuple[int, int], ...]  # character ranges of the transcript


def load(draw: Draw) -> list[Sample[Spans]]:
    """n specific queries drawn from the files whose name starts with the option.

    The default is ``val``; a split is one of all files' meetings.
    """
    base = folder(SOURCE, draw.data_dir)
    start = draw.option or ("" if draw.split else "val")
    files = sorted(base.glob(f"{start}*.jsonl"))
    if not files:
        raise SettingsError(f"no {start}*.jsonl in {base}", hint=f"get {SOURCE.get} from {SOURCE.url}")
    found = [query for path in files for meeting, query in queries(path) if draw.takes("qmsum", meeting)]
    chosen = sorted(random.Random(draw.seed).sample(range(len(found)), min(draw.n, len(found))))
    return [found[i] for i in chosen]


def score(sample: Sample[Spans], output: str) -> dict[str, Tally]:
    """Share of the gold turns' tokens that the output still has; every query weighs the same."""
    source = words(sample.text)
    kept = kept_words(source, output)
    gold = {i for span in sample.gold for i in source.within(*span)}
    total = sum(source.tokens[i] for i in gold)
    return {"gold_tokens": Tally(sum(source.tokens[i] for i in gold if kept[i]) / total if total else 1.0)}


@lru_cache(maxsize=8)
def queries(path: Path) -> list[tuple[str, Sample[Spans]]]:
    """All specific queries of the meetings in a file, each with its meeting."""
    samples: list[tuple[str, Sample[Spans]]] = []
    for number, meeting in enumerate(read_jsonl(path)):
        name = meeting_id(turn["content"] for turn in meeting["meeting_transcripts"])
        turns = [f"{t['speaker']}: {' '.join(t['content'].split())}\n" for t in meeting["meeting_transcripts"]]
        starts = list(accumulate(map(len, turns), initial=0))
        text = "".join(turns)
        for at, query in enumerate(meeting["specific_query_list"]):
            spans = _spans(query, starts)
            if spans:
                samples.append((name, Sample(f"{path.stem}-{number}-{at}", text, query["query"], spans)))
    return samples


def _spans(query: dict[str, Any], starts: list[int]) -> Spans:
    """Turn ranges, both ends included, as character ranges; ranges outside the meeting are left out."""
    last = len(starts) - 2
    turns = ((int(first), min(int(end), last)) for first, end in query["relevant_text_span"])
    return tuple((starts[first], starts[end + 1]) for first, end in turns if 0 <= first <= end)


TASK = Task(
    "qmsum",
    4,
    "QMSum, gold turns of a meeting",
    "gold_tokens",
    (0.25, 0.10),
    60,
    load,
    score,
    SOURCE,
    reference="bm25_windowed",
    methods=("sparing", "head", "tail", "random", "bm25", "bm25_windowed"),
    splits=True,
)
