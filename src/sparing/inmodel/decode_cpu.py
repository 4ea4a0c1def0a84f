"""One token's attention over a long float32 row on a CPU, on all threads.

A batched product gives each thread whole rows, so a row of a length of its own keeps one thread busy while the others
wait. It is cut into a part for each, room to grow included.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sparing.inmodel.store import Rows

_LONG_TOKENS = 1024  # below, cutting costs more than it saves


def parts_for_threads(stored: Rows) -> int:
    """Into how many parts each row is best cut; 1: none."""
    if stored.room is None or stored.keys.shape[1] < _LONG_TOKENS:
        return 1
    parts = torch.get_num_threads() // stored.keys.shape[0]
    return parts if parts > 1 and stored.room.keys.shape[1] % parts == 0 else 1


def attend_parts(queries: Tensor, stored: Rows, parts: int) -> Tensor:
    """[rows, group, head_dim] of queries of the same shape, which are scaled already."""
    assert stored.room is not None
    (rows, group, _), length = queries.shape, stored.keys.shape[1]
    keys, values = (part.view(rows * parts, -1, part.shape[-1]) for part in (stored.room.keys, stored.room.values))
    logits = torch.bmm(queries.repeat_interleave(parts, 0), keys.transpose(1, 2))
    logits = logits.view(rows, parts, group, -1).transpose(1, 2).reshape(rows, group, -1)
    logits[:, :, length:] = float("-inf")
    weights = logits.softmax(-1).view(rows, group, parts, -1).transpose(1, 2).reshape(rows * parts, group, -1)
    return torch.bmm(weights, values).view(rows, parts, group, -1).sum(1)
