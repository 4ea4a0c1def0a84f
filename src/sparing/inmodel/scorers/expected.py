"""What queries yet to come are expected to look at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.errors import ModelUnsupported
from sparing.inmodel.rotation import half_turned, turned
from sparing.inmodel.view import LayerView, Rotary


@dataclass(frozen=True, slots=True)
class ExpectedAttention:
    """Attention of a Gaussian query, in closed form, times the norm of the value.

    Queries are turned back to position 0, their mean and covariance taken, and both turned by the average rotation of
    the next `future_tokens` positions. Then E[exp(q.k)] = exp(mean.k + k.cov.k / 2).

    Source: Expected Attention, arXiv 2510.00636. Leaves the first `skip_tokens` out of statistics and softmax, as the
    authors' code does: their outliers would set the scale.
    """

    name: str = "expected"
    window: int = -1
    future_tokens: int = 512
    skip_tokens: int = 4

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]; the first `skip_tokens` score above all others."""
        if view.rotary is None:
            raise ModelUnsupported("expected attention needs a rotary embedding, and the model has none")
        used = view.query_positions >= min(self.skip_tokens, int(view.query_positions[-1]))
        queries = _turned_back(view.queries[:, :, used].float(), view.query_positions[used], view.rotary)
        mean = queries.mean(2, keepdim=True)  # [kv_heads, group, 1, head_dim]
        centred = queries - mean
        covariance = centred.transpose(-1, -2) @ centred / centred.shape[2]  # [kv_heads, group, head_dim, head_dim]
        turn = _average_turn(int(view.query_positions[-1]) + 1, self.future_tokens, view.rotary)
        mean, covariance = mean @ turn.T, turn @ covariance @ turn.T
        keys = view.keys.float().unsqueeze(1)  # [kv_heads, 1, tokens, head_dim]
        logits = (keys @ mean.transpose(-1, -2)).squeeze(-1) * view.scaling
        logits += ((keys @ covariance) * keys).sum(-1) * view.scaling**2 / 2
        first = view.positions < self.skip_tokens
        expected = logits.masked_fill(first.unsqueeze(1), float("-inf")).softmax(-1).mean(1)
        score = expected * view.values.float().norm(dim=-1)
        return torch.where(first, score.max() + 1, score)


def _turned_back(queries: Tensor, positions: Tensor, rotary: Rotary) -> Tensor:
    """Undo the rotary embedding: rotate by minus the angle. A scaled embedding leaves its square as a common factor."""
    cos, sin = rotary(positions)
    scale = (cos[0, 0] ** 2 + sin[0, 0] ** 2).clamp_min(1e-12)
    return turned(queries, cos / scale, -sin / scale)


def _average_turn(start: int, tokens: int, rotary: Rotary) -> Tensor:
    """[rotary_dim, rotary_dim]: mean of the rotation matrices of the positions start .. start + tokens."""
    cos, sin = (part.mean(0) for part in rotary(torch.arange(start, start + tokens)))
    identity = torch.eye(cos.shape[-1], device=cos.device)
    return cos.unsqueeze(1) * identity + sin.unsqueeze(1) * half_turned(identity).T
