"""Which word pieces of a passage say the answer: the upper layers learn to point at them, in training only.

A reader that has to point at the answer (Devlin et al. 2019, section 4.2) learns what kind of thing is asked for; units
say only that it is somewhere in a sentence.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sparing.select.training.corpus import Corpus
from sparing.select.training.pieces import Cutter, Pieces

Wordings = Sequence[Sequence[tuple[int, ...]]]
"""Of each question its answers' word pieces; none where what answers is no stretch of text."""


def wordings(cutter: Cutter, corpora: Mapping[str, Corpus]) -> dict[str, Wordings]:
    """Kind -> answers of each question, as word pieces."""
    return {kind: [_pieces(cutter, q.answers or (q.answer,)) for q in c.questions] for kind, c in corpora.items()}


def said(pieces: Pieces, answers: Sequence[tuple[int, ...]], units: Container[int]) -> list[int]:
    """Places in a passage that belong to an answer which begins in one of these units."""
    ids, places = pieces.ids, set[int]()
    for answer in answers:
        for start, unit in enumerate(pieces.unit_of):
            if unit in units and ids[start : start + len(answer)] == answer:
                places.update(range(start, start + len(answer)))
    return sorted(places)


class Pointer(nn.Module):
    """A head that says of each token whether it is the answer's."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Linear(2 * hidden, 128), nn.GELU(), nn.Linear(128, 1))

    def forward(self, states: Tensor, of_question: Tensor) -> Tensor:
        """Logits [rows, tokens] from the top layer's states [rows, tokens, hidden] and 1 where the question is."""
        asked = of_question.to(states.dtype)[..., None]
        question = (states * asked).sum(1) / asked.sum(1).clamp_min(1.0)
        logits: Tensor = self.head(torch.cat([states, states * question[:, None]], -1)).squeeze(-1)
        return logits


def pointing(logits: Tensor, answer: Tensor, unit_of: Tensor, group_of: Tensor) -> Tensor:
    """Scalar: softmax over the tokens of all passages of a question, of the sum of those that say the answer.

    Args:
        answer: [rows, tokens], 1 where a token says it; questions without any do not count.
    """
    logits = logits.masked_fill(unit_of < 0, -1e4)
    losses = []
    for group in range(int(group_of.max()) + 1):
        right = answer[group_of == group].flatten()
        if right.any():
            losses.append(-functional.log_softmax(logits[group_of == group].flatten(), 0)[right].logsumexp(0))
    return torch.stack(losses).mean() if losses else logits.sum() * 0.0


def _pieces(cutter: Cutter, answers: Sequence[str]) -> list[tuple[int, ...]]:
    texts = [answer for answer in answers if answer]
    return [ids[1:-1] for ids in cutter.questions(texts)] if texts else []
