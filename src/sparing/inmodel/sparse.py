"""Block-sparse prefill: a block of queries reads the key blocks that matter to it. Nothing is dropped for that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.errors import PolicyError

_STRIDE = 16  # one product in so many is computed to find the blocks that matter
_LEAST_BLOCKS = 8  # chosen at least, where there are as many
_TOGETHER = 16  # blocks of queries whose blocks are chosen at once


@dataclass(frozen=True, slots=True)
class SparsePrefill:
    """How much of what came before a block of a prompt's queries reads.

    The first block (the sinks), the block before its own, its own, and of the others those whose antidiagonals hold the
    most attention, chosen per key/value head. A last block that is not full, where a question stands, reads everything.

    Attributes:
        keep: Share of the other blocks that is read; 1 reads everything.
        block_tokens: Queries and keys that are taken together, a multiple of 16.
        min_tokens: Prompts up to this length read everything: choosing would cost what it saves.

    Raises:
        PolicyError: A value out of its range.

    Source: antidiagonal scores as in XAttention, arXiv 2503.16428, section 2.1, with a stride of 16. Departs from it by
    a fixed share instead of a threshold, and by one choice per key/value head.
    """

    keep: float = 0.25
    block_tokens: int = 128
    min_tokens: int = 4096

    def __post_init__(self) -> None:
        if not 0 < self.keep <= 1:
            raise PolicyError(f"keep={self.keep} is not above 0 and at most 1")
        if self.block_tokens < _STRIDE or self.block_tokens % _STRIDE:
            raise PolicyError(f"block_tokens={self.block_tokens} is not a multiple of {_STRIDE}")

    def applies(self, mask: Tensor | None, tokens: int, stored_tokens: int) -> bool:
        """Whether so many queries over so many stored tokens are worth it: at least one full block, and no padding."""
        return tokens >= self.block_tokens and stored_tokens > self.min_tokens and _is_causal(mask, tokens)


def attend_blocks(queries: Tensor, keys: Tensor, values: Tensor, scaling: float, how: SparsePrefill) -> Tensor:
    """Causal attention [rows, group, tokens, head_dim] of a prompt, or of a piece of one, over what is stored.

    Args:
        queries: [rows, group, tokens, head_dim].
        keys, values: [rows, stored, head_dim]; the last `tokens` of them belong to the queries.
    """
    rows, group, tokens, _ = queries.shape
    size, past = how.block_tokens, keys.shape[1] - tokens
    seen = blocks_read(queries, keys, scaling, how)
    output = values.new_empty(rows, group, tokens, values.shape[-1])
    for block, start in enumerate(range(0, tokens, size)):
        asked = queries[:, :, start : start + size]
        end, near = past + start + asked.shape[2], _near(past + start, size)
        future = torch.ones(asked.shape[2], end - near * size, dtype=torch.bool, device=keys.device)
        future = future.triu_(past + start - near * size + 1)
        for row in range(rows):
            chosen = seen[row, block, :near].nonzero().squeeze(1)
            key, value = (_read(part[row], chosen, near, end, size) for part in (keys, values))
            logits = (asked[row].flatten(0, 1) * scaling) @ key.T
            recent = logits.view(group, asked.shape[2], -1)[:, :, key.shape[0] - future.shape[1] :]
            recent.masked_fill_(future, float("-inf"))
            output[row, :, start : start + size] = (logits.softmax(-1) @ value).view(group, asked.shape[2], -1)
    return output


def blocks_read(queries: Tensor, keys: Tensor, scaling: float, how: SparsePrefill) -> Tensor:
    """[rows, query blocks, key blocks] bool: which blocks are read. Arguments as of `attend_blocks`."""
    (rows, _, tokens, _), stored, size = queries.shape, keys.shape[1], how.block_tokens
    past = stored - tokens
    asked, held = math.ceil(tokens / size), math.ceil(stored / size)
    near = torch.tensor([_near(past + block * size, size) for block in range(asked)], device=keys.device)
    last = torch.tensor([(past + min(block * size + size, tokens) - 1) // size for block in range(asked)])
    column = torch.arange(held, device=keys.device)
    seen = (column <= last.to(keys.device).unsqueeze(1)).repeat(rows, 1, 1)
    strided = keys[:, : stored // _STRIDE * _STRIDE].reshape(rows, -1, _STRIDE * keys.shape[2])
    for first in range(0, tokens // size, _TOGETHER):  # a last block that is not full reads everything
        blocks = range(first, min(first + _TOGETHER, tokens // size))
        before = _near(past + blocks[-1] * size, size)
        if before <= _LEAST_BLOCKS:
            continue
        worth = _worth(
            queries[:, :, first * size : blocks.stop * size],
            strided[:, : before * size // _STRIDE],
            near[first : blocks.stop],
            scaling,
            size,
        )
        place = worth.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
        count = (near[first : blocks.stop] * how.keep).ceil().clamp(min=_LEAST_BLOCKS).unsqueeze(1)
        seen[:, first : blocks.stop, :before] &= (place < count) | (column[:before] >= near[first : blocks.stop, None])
    return seen


def _worth(asked: Tensor, strided: Tensor, near: Tensor, scaling: float, size: int) -> Tensor:
    """[rows, query blocks, key blocks]: the attention on antidiagonals, the first block above all.

    Args:
        asked: [rows, group, query blocks * size, head_dim].
        strided: [rows, key blocks * size / stride, stride * head_dim].
        near: [query blocks]: from this key block on nothing is chosen, everything is read.
    """
    rows, group, tokens, dim = asked.shape
    num_blocks, strides = tokens // size, size // _STRIDE
    # Within a stride the last query meets the first key and so on: every query and every key is met once.
    flipped = asked.reshape(rows, group, num_blocks, strides, _STRIDE, dim).flip(4)
    flipped = flipped.transpose(1, 2).reshape(rows, num_blocks * group * strides, _STRIDE * dim)
    attention = torch.bmm(flipped * (scaling / _STRIDE), strided.transpose(1, 2))
    attention = attention.view(rows, num_blocks, group * strides, -1)
    ahead = torch.arange(strided.shape[1], device=near.device) >= near.unsqueeze(1) * strides
    attention = attention.masked_fill_(ahead.unsqueeze(1), float("-inf")).softmax(-1).nan_to_num_(0.0)
    worth: Tensor = attention.sum(2).view(rows, num_blocks, -1, strides).sum(-1)
    worth[:, :, 0] = float("inf")
    return worth


def _near(column: int, size: int) -> int:
    """The block before the one that this column is in: it and those after it are read as they are."""
    return max(0, column // size - 1)


def _read(part: Tensor, chosen: Tensor, near: int, end: int, size: int) -> Tensor:
    """[tokens, head_dim] of one row: the chosen blocks, then everything from block `near` to `end`."""
    if len(chosen) == near:
        return part[:end]
    blocks = part[: near * size].view(near, size, -1)[chosen]
    return torch.cat((blocks.flatten(0, 1), part[near * size : end]))


def _is_causal(mask: Tensor | None, tokens: int) -> bool:
    """Whether the mask [batch, 1, tokens, logical] hides the future and nothing else."""
    if mask is None:
        return True
    seen = mask.shape[-1] * tokens - tokens * (tokens - 1) // 2
    return bool(mask[:, 0, -1].all()) and int(mask.sum()) == mask.shape[0] * seen
