"""How each tier scores the units of a context, for evaluation: rules, static vectors, the exported encoder."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch

from sparing.core.deadline import Deadline
from sparing.reducers.evidence import evidence, scaled
from sparing.reducers.passages import lay_out
from sparing.select.training.contexts import Context
from sparing.select.training.corpus import Corpus, Passage
from sparing.select.training.pieces import Cutter, Pieces
from sparing.select.training.static import Static

_UNREAD = -8.0  # of a unit without pieces, or beyond what fits
Scores = list[list[float]]
"""Of each unit of each passage of a context."""


class Scorer(Protocol):
    """One way of scoring."""

    def __call__(self, context: Context) -> Scores:
        """A score per unit of each passage; higher is kept first."""
        ...


@dataclass(frozen=True)
class Rules:
    """`sparing.reducers.evidence` over the passages as one text."""

    corpora: Mapping[str, Corpus]

    def __call__(self, context: Context) -> Scores:
        passages = [self.corpora[context.kind].passages[p] for p in context.passages]
        blank = "" if context.kind == "qmsum" else "\n\n"
        text = "".join(p.text.rstrip() + (blank or "\n") for p in passages)
        layout = lay_out(text, Deadline())
        found = evidence(text, layout, context.question, Deadline())
        start, scores = 0, []
        for passage in passages:
            middles = [start + (a + b) // 2 for a, b in pairwise(passage.cuts)]
            scores.append([found[min(len(found), bisect_right(layout.bounds, m)) - 1] for m in middles])
            start += len(passage.text.rstrip()) + len(blank or "\n")
        return scores


@dataclass(frozen=True, slots=True)
class Look:
    """What a model says of a passage and of each of its units."""

    passage: float
    units: list[float]


class Looker(Protocol):
    """A model; `look` gives one `Look` per passage of the numbers given, which are places in the context."""

    def look(self, context: Context, places: Sequence[int]) -> list[Look]: ...

    def pieces(self, context: Context, place: int) -> int: ...


@dataclass(frozen=True)
class StaticLooker:
    """Cosine of the question with the passage and with each unit."""

    corpora: Mapping[str, Corpus]
    cutter: Cutter
    model: Static

    @torch.no_grad()
    def look(self, context: Context, places: Sequence[int]) -> list[Look]:
        question = self.model([self.cutter.questions([context.question])[0][1:-1]])[0]
        looks = []
        for pieces in self.cutter.passages([_passage(self.corpora, context, p) for p in places]):
            units: list[list[int]] = [[] for _ in range(1 + max(pieces.unit_of))]
            for piece, unit in zip(pieces.ids, pieces.unit_of, strict=True):
                if unit >= 0:
                    units[unit].append(piece)
            similar = (self.model([*units, pieces.ids[1:-1]]) @ question).tolist()
            looks.append(Look(similar[-1], similar[:-1]))
        return looks

    def pieces(self, context: Context, place: int) -> int:
        return 0


class EncoderLooker:
    """The exported encoder, a passage at a time: in a batch, int8 activations of one would depend on the others.

    What was read is remembered, and what it took: several scorers are measured over the same contexts.
    """

    def __init__(self, corpora: Mapping[str, Corpus], cutter: Cutter, folder: Path) -> None:
        self._corpora, self._cutter = corpora, cutter
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._lower, self._upper = (
            onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
            for name in ("lower.onnx", "upper.onnx")
        )
        self._known: dict[tuple[Context, int], tuple[Look, float]] = {}
        self.remembered_s = 0.0  # what reading anew all that was read before would have taken

    def look(self, context: Context, places: Sequence[int]) -> list[Look]:
        question = self._cutter.questions([context.question])[0]
        looks = []
        for place in places:
            if known := self._known.get((context, place)):
                self.remembered_s += known[1]
            else:
                started = time.process_time()
                pieces = self._cutter.passages([_passage(self._corpora, context, place)])[0]
                known = self._read(question, pieces), time.process_time() - started
                self._known[context, place] = known
            looks.append(known[0])
        return looks

    def pieces(self, context: Context, place: int) -> int:
        passage = _passage(self._corpora, context, place)
        return len(self._cutter.passages([passage])[0].ids) + len(self._cutter.questions([context.question])[0])

    def _read(self, question: Sequence[int], pieces: Pieces) -> Look:
        asked, held = (
            self._lower.run(["states"], {"ids": np.array([ids], np.int64)})[0] for ids in (question, pieces.ids)
        )
        passage, keep = self._upper.run(["relevance", "keep"], {"question": asked, "passage": held})
        units, values = np.array(pieces.unit_of), keep[0]
        means = [float(values[units == u].mean()) if (units == u).any() else _UNREAD for u in range(1 + units.max())]
        return Look(float(passage[0]), means)


@dataclass(frozen=True)
class Fused:
    """Chances from a model and the rules beside it; of passages that are not read, those of the cheaper tier.

    Args:
        weights: Bias, and of the rules, the unit and the passage.
        cheap: None: everything is read.
        pieces: That may be read, of the passages whose best unit is best by the cheaper tier.
    """

    rules: Scorer
    looker: Looker
    weights: Sequence[float]
    cheap: Scorer | None = None
    pieces: int = 0

    def __call__(self, context: Context) -> Scores:
        rules = unit_scaled(self.rules(context))
        scores = self.cheap(context) if self.cheap else [[_UNREAD] * len(t) for t in context.tokens]
        places = self._places(context, scores) if self.cheap else list(range(len(context.passages)))
        bias, of_rules, of_unit, of_passage = self.weights
        for place, look in zip(places, self.looker.look(context, places), strict=True):
            units = [*look.units, *([_UNREAD] * (len(rules[place]) - len(look.units)))]
            sums = [
                bias + of_rules * r + of_unit * u + of_passage * look.passage
                for r, u in zip(rules[place], units, strict=True)
            ]
            scores[place] = [1 / (1 + math.exp(-max(-12.0, min(30.0, value)))) for value in sums]
        return scores

    def _places(self, context: Context, chances: Scores) -> list[int]:
        chosen, room = [], self.pieces
        for place in sorted(range(len(chances)), key=lambda p: -max(chances[p])):
            room -= self.looker.pieces(context, place)
            if room < 0:
                break
            chosen.append(place)
        return sorted(chosen)


def unit_scaled(scores: Scores) -> Scores:
    """The same over the best of all, 0..1."""
    flat = iter(scaled([max(0.0, s) for row in scores for s in row]))
    return [[next(flat) for _ in row] for row in scores]


def _passage(corpora: Mapping[str, Corpus], context: Context, place: int) -> Passage:
    return corpora[context.kind].passages[context.passages[place]]
