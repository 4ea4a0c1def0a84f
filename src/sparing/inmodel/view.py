"""What a scorer sees: one layer of one sequence. Batches, padding and storage never reach it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor

Rotary = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Positions [tokens] -> cosine and sine [tokens, rotary_dim] of the model's rotary embedding."""


@dataclass(frozen=True, slots=True)
class LayerView:
    """Keys, values and the latest queries of one sequence in one layer.

    Attributes:
        keys, values: [kv_heads, tokens, head_dim], keys rotated to their positions.
        positions: [kv_heads, tokens], ascending. Tokens dropped earlier are missing.
        queries: [kv_heads, group, window, head_dim], rotated; the scorer's `window` latest, or fewer.
        query_positions: [window].
        scaling: Factor of the attention logits.
        rotary: The model's rotary embedding, None if it has none.
        layer: Index of the layer.
    """

    keys: Tensor
    values: Tensor
    positions: Tensor
    queries: Tensor
    query_positions: Tensor
    scaling: float
    rotary: Rotary | None
    layer: int

    def attention(self, rows: slice = slice(None)) -> Tensor:
        """Causal attention of the window's `rows` [kv_heads, group, window, tokens], float32; each sums to 1."""
        keys = self.keys.float().transpose(-1, -2).unsqueeze(1)
        logits = (self.queries[:, :, rows].float() @ keys) * self.scaling
        future = self.positions[:, None, None, :] > self.query_positions[rows][None, None, :, None]
        return logits.masked_fill_(future, float("-inf")).softmax(-1)

    def last_queries(self, window: int) -> LayerView:
        """The same with at most the `window` latest queries."""
        start = max(0, self.query_positions.shape[0] - window)
        return replace(self, queries=self.queries[:, :, start:], query_positions=self.query_positions[start:])


class Scorer(Protocol):
    """Says what each token is worth. Pure: it never touches storage. May have `across = True`: its numbers say the same
    in every layer, so that all layers can share one budget.

    Attributes:
        window: How many of the latest queries it needs; 0: none, -1: all of the current forward.
    """

    @property
    def name(self) -> str: ...

    @property
    def window(self) -> int: ...

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens], float32; higher means keep."""
        ...
