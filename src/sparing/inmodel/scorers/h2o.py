"""Heavy hitters: what all queries looked at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.inmodel.view import LayerView

_BLOCK_ELEMENTS = 1 << 24  # of the attention matrix at a time: it never exists as a whole


@dataclass(frozen=True, slots=True)
class H2O:
    """Attention that a token got from each query that could see it, averaged over those queries and the group.

    Source: H2O, arXiv 2306.14048. Departs from it by the mean, where the paper adds up (which favours old tokens), and
    by counting the queries of the current forward only.
    """

    name: str = "h2o"
    window: int = -1

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]."""
        heads, group, queries, _ = view.queries.shape
        tokens = view.keys.shape[1]
        total = torch.zeros(heads, tokens, device=view.keys.device)
        block = max(1, _BLOCK_ELEMENTS // (heads * group * tokens))
        for start in range(0, queries, block):
            total += view.attention(slice(start, start + block)).sum((1, 2))
        watchers = (view.query_positions[None, None, :] >= view.positions.unsqueeze(-1)).sum(-1)
        return total / (group * watchers.clamp_min(1))
