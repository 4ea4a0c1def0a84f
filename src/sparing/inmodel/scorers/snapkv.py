"""What the last queries look at, and how much it would change their output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from sparing.inmodel.view import LayerView


@dataclass(frozen=True, slots=True)
class SnapKV:
    """Mean attention of the last `window` queries, smoothed over `smooth_tokens` neighbours, averaged over the group.

    Attributes:
        value_aware: Weigh the attention p by how far the token's value v pulls the mean output o: p / (1 - p) * |v - o|
            is what leaving the token out, and renormalising, changes of the output.

    Source: SnapKV, arXiv 2404.14469, section 4. Departs from it by the group's mean instead of separate query heads,
    and by the values. The output is averaged over the window before the distance is taken.
    """

    name: str = "snapkv"
    window: int = 64
    smooth_tokens: int = 5
    value_aware: bool = True

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]; tokens of the window score above all others."""
        attention = view.attention().mean(2)  # [kv_heads, group, tokens]
        if self.value_aware:
            values = view.values.float()
            distance = torch.cdist(attention @ values, values)  # [kv_heads, group, tokens]
            attention = attention / (1 - attention).clamp_min(1e-6) * distance
        in_window = view.positions >= view.query_positions[0]
        seen = attention.masked_fill(in_window.unsqueeze(1), 0.0)
        smooth = avg_pool1d(seen, self.smooth_tokens, stride=1, padding=self.smooth_tokens // 2)
        score = smooth.mean(1)
        return torch.where(in_window, score.max() + 1, score)
