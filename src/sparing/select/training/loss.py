"""What the encoder is asked for: the right passage first, in it the right unit first, and both as probabilities."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sparing.select.training.groups import Batch

_LISTWISE, _PASSAGE, _UNIT, _ANY = 1.0, 0.5, 0.5, 0.5


def unit_means(scores: Tensor, unit_of: Tensor, num_units: int) -> Tensor:
    """Mean of [rows, tokens] over the tokens of each unit: [rows, units]; 0 where a unit has no token."""
    index = unit_of.clamp_min(0)
    there = (unit_of >= 0).to(scores.dtype)
    sums = scores.new_zeros(len(scores), num_units).scatter_add_(1, index, scores * there)
    counts = scores.new_zeros(len(scores), num_units).scatter_add_(1, index, there)
    return sums / counts.clamp_min(1.0)


def loss(batch: Batch, passage: Tensor, keep: Tensor, keep_any: Tensor) -> Tensor:
    """Scalar. Inputs are the encoder's logits in float32: [rows], [rows, tokens], [rows, tokens]."""
    num_units = batch.gold.shape[1]
    there, gold = batch.gold >= 0, batch.gold > 0
    holds = gold.any(1)
    asked = ~batch.blank
    units = unit_means(keep, batch.unit_of, num_units)
    total = passage.sum() * 0.0
    if asked.any():
        total = total + _LISTWISE * _listwise(batch, passage[:, None] + units, asked)
        total = total + _PASSAGE * functional.binary_cross_entropy_with_logits(passage[asked], holds[asked].float())
        inside = there & (holds & asked)[:, None]
        total = total + _UNIT * _likelihood(units[inside], batch.gold[inside])
    if batch.blank.any():
        anywhere = unit_means(keep_any, batch.unit_of, num_units)
        inside = there & batch.blank[:, None]
        total = total + _ANY * _likelihood(anywhere[inside], batch.gold[inside])
    return total


def _listwise(batch: Batch, scores: Tensor, asked: Tensor) -> Tensor:
    """Softmax over the units of all passages of a question: of the sum of the gold ones, each by how surely it
    answers, or the mean over them."""
    losses = []
    for group, every in enumerate(batch.every):
        rows = (batch.group_of == group) & asked
        there = batch.gold[rows] >= 0
        sure = batch.gold[rows][there]
        gold = sure > 0
        if not rows.any() or not gold.any():
            continue
        log_shares = functional.log_softmax(scores[rows][there], 0)
        right = log_shares[gold]
        losses.append(-right.mean() if every else -(right + sure[gold].log()).logsumexp(0))
    return torch.stack(losses).mean() if losses else scores.sum() * 0.0


def _likelihood(logits: Tensor, gold: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, gold)
