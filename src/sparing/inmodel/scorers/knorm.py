"""Tokens with small keys draw much attention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.inmodel.view import LayerView


@dataclass(frozen=True, slots=True)
class Knorm:
    """Minus the L2 norm of the key. A token's score depends on the token alone, so prefill may come in chunks.

    Source: Devoto et al., arXiv 2406.11430.
    """

    name: str = "knorm"
    window: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]."""
        norm: Tensor = torch.linalg.vector_norm(view.keys, dim=-1, dtype=torch.float32)
        return -norm
