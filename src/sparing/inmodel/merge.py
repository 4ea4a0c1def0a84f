"""Merge on evict: what dropped tokens carried goes to the most similar kept ones."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

_BLOCK_ELEMENTS = 1 << 24  # of the similarity matrix at a time


def merged_values(keys: Tensor, values: Tensor, kept: Tensor) -> Tensor:
    """Values of the kept tokens with those of the dropped ones folded in; keys stay, so positions stay true.

    Each dropped value goes to the kept token of the most similar key, weighted by that cosine and by its share of both
    values' norms; a kept value is then divided by 1 plus the weights it took in.

    Args:
        keys, values: [tokens, head_dim] of one head.
        kept: [kept], ascending indices.
    Returns:
        [kept, head_dim].
    Source: D2O, arXiv 2406.13035, section 3.2; CaM (ICML 2024). Departs from them by having no similarity threshold.
    """
    dropped = torch.ones(keys.shape[0], dtype=torch.bool, device=keys.device)
    dropped[kept] = False
    kept_values, dropped_values = values[kept].float(), values[dropped].float()
    cosine, target = _most_similar(normalize(keys[dropped].float(), dim=-1), normalize(keys[kept].float(), dim=-1))
    norm = dropped_values.norm(dim=-1)
    weight = cosine.clamp_min(0) * norm / (norm + kept_values.norm(dim=-1)[target] + 1e-9)
    total = torch.zeros(kept.shape[0], device=keys.device).index_add_(0, target, weight)
    taken = torch.zeros_like(kept_values).index_add_(0, target, weight.unsqueeze(-1) * dropped_values)
    return ((kept_values + taken) / (1 + total).unsqueeze(-1)).to(values.dtype)


def _most_similar(dropped: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    block = max(1, _BLOCK_ELEMENTS // max(1, kept.shape[0]))
    best = [(dropped[start : start + block] @ kept.T).max(-1) for start in range(0, dropped.shape[0], block)]
    return torch.cat([found.values for found in best]), torch.cat([found.indices for found in best])
