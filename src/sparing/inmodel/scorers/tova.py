"""What the last token looks at."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from sparing.inmodel.view import LayerView


@dataclass(frozen=True, slots=True)
class Tova:
    """Attention of the last query, averaged over all heads: every head keeps the same tokens.

    Source: TOVA, arXiv 2401.06104, section 3.
    """

    name: str = "tova"
    window: int = 1

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]."""
        return view.attention().mean((0, 1, 2)).expand(view.keys.shape[0], -1)
