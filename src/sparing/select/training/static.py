"""One vector per word piece: distilled from the sentence encoder, then fine-tuned to rank and to resemble it.

Begins as model2vec does (Tulkens & van Dongen 2024): each piece alone through the encoder, principal components,
weights by rarity. What we changed: the vectors are then trained so that sums of them give the encoder's similarities
between questions, sentences and passages, and put a question's gold passage and sentence before hard negatives.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from sparing.select.training.encoder import Encoder
from sparing.select.training.lower import lower_states, mean_vectors

_MARKS = 999  # pieces below are marks and unused
_RARITY = 1e-3  # a of a / (a + p), Arora et al. 2017


@dataclass(frozen=True, slots=True)
class StaticPlan:
    """How long and how fast."""

    dims: int = 256
    steps: int = 3_000
    texts: int = 192
    rate: float = 2e-3
    temperature: float = 0.05
    seed: int = 11


@dataclass(frozen=True)
class Texts:
    """Texts with the encoder's vectors, and what goes with what.

    Attributes:
        ids: Word pieces of each text, marks left out.
        vectors: Unit vectors of the encoder [texts, hidden].
        pairs: (question, gold, negatives): numbers of texts.
    """

    ids: Sequence[Sequence[int]]
    vectors: Tensor
    pairs: Sequence[tuple[int, int, tuple[int, ...]]]


class Static(nn.Module):
    """A text's vector is the normalised sum of its pieces' vectors."""

    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="sum")

    def forward(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Unit vectors [texts, dims]."""
        flat = torch.tensor([piece for text in texts for piece in text], dtype=torch.long)
        starts = torch.tensor([0, *np.cumsum([len(text) for text in texts])[:-1]], dtype=torch.long)
        return functional.normalize(self.bag(flat, starts), dim=-1)


def distil(encoder: Encoder, counts: Counter[int], dims: int) -> Tensor:
    """The first vectors [vocabulary, dims]: principal components of each piece alone, times its rarity."""
    pieces = list(range(_MARKS, encoder.shape.vocabulary))
    alone = mean_vectors(encoder, lower_states(encoder, [(101, piece, 102) for piece in pieces]))
    centred = alone - alone.mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    total = sum(counts.values()) + len(pieces)
    shares = torch.tensor([(counts[piece] + 1) / total for piece in pieces])
    vectors = torch.zeros(encoder.shape.vocabulary, dims)
    vectors[_MARKS:] = (centred @ axes[:dims].T) * (_RARITY / (_RARITY + shares))[:, None]
    return vectors


def fit_static(model: Static, texts: Texts, plan: StaticPlan, say: Callable[[str], None]) -> dict[str, object]:
    """Train in place; what was done, for the record."""
    rng = random.Random(plan.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.rate)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.steps)
    started = time.monotonic()
    running = {"alike": 0.0, "ranked": 0.0}
    for step in range(1, plan.steps + 1):
        asked = rng.sample(range(len(texts.pairs)), min(len(texts.pairs), plan.texts // 3))
        pairs = [texts.pairs[i] for i in asked]
        numbers = list(dict.fromkeys([*(q for q, _, _ in pairs), *(g for _, g, _ in pairs)]))
        numbers += [rng.choice(negatives) for _, _, negatives in pairs if negatives]
        numbers += rng.sample(range(len(texts.ids)), plan.texts // 3)
        numbers = list(dict.fromkeys(numbers))
        at = {number: i for i, number in enumerate(numbers)}
        vectors = model([_thinned(texts.ids[n], rng) for n in numbers])
        alike = _alike(vectors, texts.vectors[numbers], plan.temperature)
        ranked = _ranked(vectors, [(at[q], at[g]) for q, g, _ in pairs], plan.temperature)
        value = alike + 0.5 * ranked
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rates.step()
        running["alike"] += alike.item()
        running["ranked"] += ranked.item()
        if step % 500 == 0:
            say(f"step {step}: " + ", ".join(f"{k} {v / 500:.3f}" for k, v in running.items()))
            running = dict.fromkeys(running, 0.0)
    return {"plan": asdict(plan), "seconds": round(time.monotonic() - started), "texts": len(texts.ids)}


def _alike(vectors: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross entropy of each text's similarities to the others, the encoder's as target (Hinton et al. 2015)."""
    itself = torch.eye(len(vectors), dtype=torch.bool)
    target = (teacher @ teacher.T / temperature).masked_fill(itself, -1e4).softmax(-1)
    ours = (vectors @ vectors.T / temperature).masked_fill(itself, -1e4).log_softmax(-1)
    return functional.kl_div(ours, target, reduction="batchmean")


def _ranked(vectors: Tensor, pairs: Sequence[tuple[int, int]], temperature: float) -> Tensor:
    """Each question's gold before all other texts of the step (van den Oord et al. 2018)."""
    questions = torch.tensor([q for q, _ in pairs])
    gold = torch.tensor([g for _, g in pairs])
    scores = vectors[questions] @ vectors.T / temperature
    own = functional.one_hot(questions, len(vectors)).bool()
    return functional.cross_entropy(scores.masked_fill(own, -1e4), gold)


def _thinned(ids: Sequence[int], rng: random.Random) -> Sequence[int]:
    """Now and then a stretch of a long text, so that texts of every length are seen."""
    if len(ids) < 48 or rng.random() < 0.7:
        return ids
    start = rng.randrange(len(ids) - 32)
    return ids[start : start + rng.randrange(32, len(ids) - start + 1)]


def save_static(model: Static, path: Path) -> None:
    """int8 with one scale per piece; deterministic bytes."""
    vectors = model.bag.weight.detach().numpy()
    scales = np.maximum(np.abs(vectors).max(1), 1e-9).astype(np.float32) / 127
    np.savez(path, vectors=np.round(vectors / scales[:, None]).astype(np.int8), scales=scales)


def load_static(path: Path) -> Static:
    """The model as saved, the error of int8 included."""
    with np.load(path) as arrays:
        vectors: npt.NDArray[np.float32] = arrays["vectors"].astype(np.float32) * arrays["scales"][:, None]
    return Static(torch.from_numpy(vectors))
