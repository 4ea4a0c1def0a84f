"""Are the static vectors fair sentence embeddings? Intents of bank customers' queries, which nothing was trained on."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import torch
from torch import Tensor

from sparing.evals.data import Source, first_file, read_text
from sparing.select.training.encoder import Encoder
from sparing.select.training.lower import lower_states, mean_vectors
from sparing.select.training.pieces import Cutter
from sparing.select.training.static import Static

SOURCE = Source(
    "banking77", "https://github.com/PolyAI-LDN/task-specific-datasets", "CC BY 4.0", "banking_data/train.csv"
)
_QUERIES = 1_500


@torch.no_grad()
def likeness(root: Path, cutter: Cutter, static: Static, base: Encoder) -> dict[str, float]:
    """Percent of queries whose nearest other query has the same intent, by the static vectors and by the base."""
    rows = list(csv.DictReader(io.StringIO(read_text(first_file(SOURCE, root, ("train.csv",))))))
    chosen = random.Random(0).sample(rows, min(_QUERIES, len(rows)))
    ids = cutter.questions([row["text"] for row in chosen])
    intents = [row["category"] for row in chosen]
    return {
        "queries": len(chosen),
        "static": _nearest_share(static([row[1:-1] for row in ids]), intents),
        "base": _nearest_share(mean_vectors(base, lower_states(base, ids)), intents),
    }


def _nearest_share(vectors: Tensor, intents: list[str]) -> float:
    similar = (vectors @ vectors.T).fill_diagonal_(-2.0)
    nearest: list[int] = similar.argmax(1).tolist()
    right = sum(intents[a] == intents[b] for a, b in enumerate(nearest))
    return round(100 * right / len(intents), 1)
