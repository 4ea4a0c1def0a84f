"""Texts that the static vectors are fitted on: train groups only, with the encoder's vector of each."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sparing.select.training.corpus import Corpus
from sparing.select.training.encoder import Encoder
from sparing.select.training.fit_encoder import Prepared
from sparing.select.training.lower import lower_states, mean_vectors
from sparing.select.training.pieces import Cutter
from sparing.select.training.static import Texts

_RIVALS = 4


@dataclass
class _Shelf:
    """Texts by what they are, each once."""

    rows: list[Sequence[int]] = field(default_factory=list)
    places: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def put(self, key: tuple[str, int, int], row: Sequence[int]) -> int:
        place = self.places.setdefault(key, len(self.rows))
        if place == len(self.rows):
            self.rows.append(row)
        return place


def gather(
    encoder: Encoder, cutter: Cutter, corpora: Mapping[str, Corpus], prepared: Mapping[str, Prepared], seed: int
) -> Texts:
    """Questions with their gold passages, gold units and rivals."""
    shelf = _Shelf()
    pairs = [pair for kind in corpora for pair in _pairs(shelf, cutter, kind, corpora[kind], prepared[kind], seed)]
    vectors = mean_vectors(encoder, lower_states(encoder, shelf.rows))
    return Texts([row[1:-1] for row in shelf.rows], vectors, pairs)


def _pairs(
    shelf: _Shelf, cutter: Cutter, kind: str, corpus: Corpus, prepared: Prepared, seed: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    rng = random.Random(f"{kind} {seed}")
    asked = cutter.questions([question.text for question in corpus.questions])
    pairs = []
    for number, question in enumerate(corpus.questions):
        held = sorted(p for p in question.gold if p in prepared.passages)
        if question.split != "train" or not held:
            continue
        at = shelf.put((kind, -1, number), asked[number])
        rivals = prepared.rivals[number][:_RIVALS]
        negatives = tuple(shelf.put((kind, p, -1), prepared.pieces[p].ids) for p in rivals)
        passage = rng.choice(held)
        pieces = prepared.pieces[passage]
        unit = rng.choice(sorted(question.gold[passage]))
        row = (101, *(p for p, u in zip(pieces.ids, pieces.unit_of, strict=True) if u == unit), 102)
        pairs.append((at, shelf.put((kind, passage, -1), pieces.ids), negatives))
        if len(row) > 2:
            pairs.append((at, shelf.put((kind, passage, unit), row), negatives))
    return pairs
