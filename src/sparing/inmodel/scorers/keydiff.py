"""Tokens whose keys are unlike the others'."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from sparing.inmodel.view import LayerView


@dataclass(frozen=True, slots=True)
class KeyDiff:
    """Minus the cosine similarity of the key to the mean direction of all keys. Needs no queries.

    Source: KeyDiff, arXiv 2504.15364, section 3.
    """

    name: str = "keydiff"
    window: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens], -1 to 1."""
        keys = view.keys.float()
        mean_direction = normalize(keys, dim=-1).mean(1, keepdim=True)
        return -cosine_similarity(keys, mean_direction, dim=-1)
