"""Keys and values in eight bits: what a token stores takes about a quarter of float32, half of bfloat16.

A stored token is its codes and, as the last two of its bytes, the bfloat16 that they are multiples of. It stays one
row of one tensor, so storage moves, drops and saves it as it does any other; what is kept is never rounded again.
"""

from __future__ import annotations

import torch
from torch import Tensor

_MOST = 127
_SCALE = torch.bfloat16  # its range is float32's: values of attention sinks are tiny
SCALE_BYTES = _SCALE.itemsize


def encode(exact: Tensor) -> Tensor:
    """[..., dim] of any precision as [..., dim + 2] int8; `dim` is even.

    The error of an element is at most a 250th of the greatest of its token and head. A token that is not finite comes
    back as NaN.
    """
    wide = exact.float()
    scale = (wide.abs().amax(-1, keepdim=True) / _MOST).clamp_min(torch.finfo(_SCALE).tiny).to(_SCALE)
    codes = (wide / scale.float()).nan_to_num_(0.0).round_().clamp_(-_MOST, _MOST).to(torch.int8)
    return torch.cat((codes, scale.view(torch.int8)), dim=-1)


def split(stored: Tensor) -> tuple[Tensor, Tensor]:
    """Views of what is stored: codes [..., dim] int8, scales [..., 1] bfloat16."""
    return stored[..., :-SCALE_BYTES], stored[..., -SCALE_BYTES:].view(_SCALE)


def decode(stored: Tensor, dtype: torch.dtype) -> Tensor:
    """[..., dim] of what is stored; what is not in eight bits is given back as it is."""
    if stored.dtype != torch.int8:
        return stored
    codes, scales = split(stored)
    return codes.to(dtype).mul_(scales.to(dtype))


def attend_one(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None, scaling: float) -> Tensor:
    """Attention of one token's queries over stored keys and values: scales go into logits and weights, which are few.

    Args:
        queries: [rows, group, head_dim].
        keys, values: [rows, tokens, dim + 2] int8.
        allowed: [rows, 1, tokens] bool, or None: everything is seen.
    Returns:
        [rows, group, head_dim].
    """
    key_codes, key_scales = split(keys)
    value_codes, value_scales = split(values)
    logits = torch.bmm(queries, key_codes.to(queries.dtype).transpose(1, 2)).float()
    logits.mul_(key_scales.transpose(1, 2).float().mul_(scaling))
    if allowed is not None:
        logits.masked_fill_(~allowed, float("-inf"))
    weights = logits.softmax(-1).mul_(value_scales.transpose(1, 2))
    return torch.bmm(weights.to(queries.dtype), value_codes.to(queries.dtype))
