"""A baseline that every method has to beat, and not every method does."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.inmodel.view import LayerView

_PRIME = 2**31 - 1  # products of two numbers below it stay within 64 bits


@dataclass(frozen=True, slots=True)
class Random:
    """A hash of position, head and layer: the same token gets the same score however the prompt is cut or padded."""

    name: str = "random"
    window: int = 0
    seed: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens], uniform in [0, 1)."""
        heads = torch.arange(view.keys.shape[0], device=view.keys.device).unsqueeze(-1)
        mixed = view.positions.long() * 7919 + heads * 104_729 + view.layer * 1_299_709 + self.seed * 15_485_863 + 1
        for factor in (48_271, 69_621, 1_226_874_159):
            mixed = (mixed % _PRIME) * factor % _PRIME
            mixed = mixed ^ (mixed >> 13)
        return (mixed % 2**24).float() / 2**24
