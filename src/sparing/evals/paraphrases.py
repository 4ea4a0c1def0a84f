"""Pairs of questions that mean the same or only look it: Quora's, labelled, and near misses of a bank's customers."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.errors import SettingsError
from sparing.evals.data import Source, first_file, read_jsonl, read_text
from sparing.evals.task import Draw
from sparing.generate.cache.semantic.embed import Embedder, similarity
from sparing.generate.cache.semantic.wording import take_apart, weight

QQP = Source(
    "qqp",
    "https://github.com/zilliztech/GPTCache",
    "Quora's terms of service",
    "pairs.jsonl: lines of text_a, text_b, label (1: duplicates), from examples/benchmark/similiar_qqp_full.json.gz",
)
BANKING77 = Source(
    "banking77",
    "https://github.com/PolyAI-LDN/task-specific-datasets",
    "CC BY 4.0",
    "banking_data/train.csv",
)
_NEAREST_OF = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """A question that was answered and one that is asked.

    Attributes:
        same: They mean the same, as people said.
        trap: Of two different intents of a bank's customers.
    """

    kept: str
    asked: str
    same: bool
    trap: bool = False


def quora_pairs(draw: Draw) -> list[Pair]:
    """n pairs, drawn at random."""
    file = first_file(QQP, draw.data_dir, ("pairs.jsonl",))
    pairs = [Pair(row["text_a"], row["text_b"], bool(row["label"])) for row in read_jsonl(file)]
    random.Random(draw.seed).shuffle(pairs)
    return pairs[: draw.n]


def banking_traps(draw: Draw, embedder: Embedder, num: int) -> list[Pair]:
    """`num` queries, each with the most similar one of another intent among those that share most words."""
    text = read_text(first_file(BANKING77, draw.data_dir, ("train.csv",)))
    rows = [(row["text"].strip(), row["category"]) for row in csv.DictReader(io.StringIO(text))]
    if not rows:
        raise SettingsError("banking77/train.csv has no queries", hint="get the file again")
    words = [sorted({word[:5] for word in take_apart(query).words if weight(word) == 1.0}) for query, _ in rows]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for at, some in enumerate(words):
        for word in some:
            holders[word].append(at)
    chosen = random.Random(draw.seed).sample(range(len(rows)), min(num, len(rows)))
    traps = [_trap(at, rows, words, holders, embedder) for at in chosen]
    return [trap for trap in traps if trap is not None]


def _trap(
    at: int,
    rows: Sequence[tuple[str, str]],
    words: Sequence[Sequence[str]],
    holders: dict[str, list[int]],
    embedder: Embedder,
) -> Pair | None:
    query, intent = rows[at]
    shared = Counter(other for word in words[at] for other in holders[word] if rows[other][1] != intent)
    vector = embedder.embed(query)
    near = [rows[other][0] for other, _ in shared.most_common(_NEAREST_OF)]
    best = max(near, key=lambda other: similarity(vector, embedder.embed(other)), default=None)
    return Pair(best, query, same=False, trap=True) if best is not None else None
