"""Turning keys and queries to other positions: the rotary embedding in its split-halves form."""

from __future__ import annotations

import torch
from torch import Tensor


def turned(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """[..., tokens, head_dim] turned by angles [tokens, rotary_dim], or by one [rotary_dim]; what lies beyond
    `rotary_dim` stays."""
    width = cos.shape[-1]
    rotated, rest = states[..., :width], states[..., width:]
    return torch.cat((rotated * cos + half_turned(rotated) * sin, rest), dim=-1)


def half_turned(x: Tensor) -> Tensor:
    """[..., dim] turned by a right angle."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((-right, left), dim=-1)
