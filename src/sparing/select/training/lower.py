"""States of the encoder's lower layers, worked out once: they are frozen, and question and passage are apart there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sparing.select.training.encoder import Encoder

_ROWS = 48


@torch.no_grad()
def lower_states(encoder: Encoder, rows: Sequence[Sequence[int]]) -> list[Tensor]:
    """bfloat16 [tokens, hidden] for each row of ids; a row is one side of the input."""
    states: list[Tensor] = [torch.empty(0)] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), _ROWS):
        batch = order[start : start + _ROWS]
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(rows[i]) for i in batch], batch_first=True)
        mask = (ids > 0).long()
        with torch.autocast("cpu", torch.bfloat16):
            x = encoder.apart(ids, mask, torch.zeros_like(ids))
        for i, row in zip(batch, x, strict=True):
            states[i] = row[: len(rows[i])].to(torch.bfloat16).clone()
    return states


@torch.no_grad()
def mean_vectors(encoder: Encoder, states: Sequence[Tensor]) -> Tensor:
    """Unit vectors [rows, hidden] as the base's sentence encoder gives them, from states of one side each."""
    vectors = torch.empty(len(states), encoder.shape.hidden)
    order = sorted(range(len(states)), key=lambda i: len(states[i]))
    for start in range(0, len(order), _ROWS):
        batch = order[start : start + _ROWS]
        x = torch.nn.utils.rnn.pad_sequence([states[i] for i in batch], batch_first=True)
        mask = torch.zeros(x.shape[:2], dtype=torch.long)
        for row, i in enumerate(batch):
            mask[row, : len(states[i])] = 1
        with torch.autocast("cpu", torch.bfloat16):
            x = encoder.together(x.float(), mask, torch.zeros_like(mask))
        pooled = (x.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        vectors[batch] = torch.nn.functional.normalize(pooled, dim=-1)
    return vectors
