"""Block-sparse prefill: a block of queries reads the key blocks that matter to it. Nothing is dropped for that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.errors import PolicyError

_STRIDE = 16  # one product in so many is computed to find the blocks that matter
_LEAST_BLOCKS = 8  # chosen at least, where there are as many


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
    output = values.new_empty(rows, group, tokens, values.shape[-1])
    for start, near, chosen in _choices(queries, keys, scaling, how):
        asked = queries[:, :, start : start + size]
        end = past + start + asked.shape[2]
        future = torch.ones(asked.shape[2], end - near * size, dtype=torch.bool, device=keys.device)
        future = future.triu_(past + start - near * size + 1)
        for row in range(rows):
            key, value = (_read(part[row], chosen, row, near, end, size) for part in (keys, values))
            logits = (asked[row].flatten(0, 1) * scaling) @ key.T
            recent = logits.view(group, asked.shape[2], -1)[:, :, key.shape[0] - future.shape[1] :]
            recent.masked_fill_(future, float("-inf"))
            output[row, :, start : start + size] = (logits.softmax(-1) @ value).view(group, asked.shape[2], -1)
    return output


def blocks_read(queries: Tensor, keys: Tensor, scaling: float, how: SparsePrefill) -> Tensor:
    """[rows, query blocks, key blocks] bool: what `attend_blocks` reads. Arguments as there."""
    (rows, _, tokens, _), stored, size = queries.shape, keys.shape[1], how.block_tokens
    past = stored - tokens
    shape = (rows, math.ceil(tokens / size), math.ceil(stored / size))
    seen = torch.zeros(shape, dtype=torch.bool, device=keys.device)
    for start, near, chosen in _choices(queries, keys, scaling, how):
        end = min(past + start + size, stored)
        seen[:, start // size, near : math.ceil(end / size)] = True
        if chosen is not None:
            seen[:, start // size].scatter_(1, chosen, True)
    return seen


def _choices(
    queries: Tensor, keys: Tensor, scaling: float, how: SparsePrefill
) -> Iterator[tuple[int, int, Tensor | None]]:
    """Per block of queries: its start, the key block from which on everything is read, and which [rows, count] of the
    blocks before that; None: there is none before."""
    rows, _, tokens, _ = queries.shape
    size, past = how.block_tokens, keys.shape[1] - tokens
    strided = keys[:, : keys.shape[1] // _STRIDE * _STRIDE].reshape(rows, -1, _STRIDE * keys.shape[2])
    for start in range(0, tokens, size):
        asked = queries[:, :, start : start + size]
        near = max(0, (past + start) // size - 1)  # this block and those after it are read as they are
        count = max(math.ceil(how.keep * near), min(_LEAST_BLOCKS, near))
        if count == near or asked.shape[2] < size:
            yield start, 0, None
        else:
            yield start, near, _best(asked, strided[:, : near * size // _STRIDE], near, count, scaling)


def _best(asked: Tensor, strided: Tensor, blocks: int, count: int, scaling: float) -> Tensor:
    """[rows, count], ascending: blocks by the attention on their antidiagonals, the first block among them."""
    rows, group, size, dim = asked.shape
    # Within a stride the last query meets the first key and so on: every query and every key is met once.
    reversed_strides = asked.reshape(rows, group * (size // _STRIDE), _STRIDE, dim).flip(2).flatten(2)
    attention = torch.bmm(reversed_strides * (scaling / _STRIDE), strided.transpose(1, 2)).softmax(-1)
    worth = attention.sum(1).view(rows, blocks, -1).sum(-1)
    worth[:, 0] = float("inf")
    return worth.topk(count, dim=1).indices.sort(1).values


def _read(part: Tensor, chosen: Tensor | None, row: int, near: int, end: int, size: int) -> Tensor:
    """[tokens, head_dim] of one row: the chosen blocks, then everything from block `near` to `end`."""
    if chosen is None:
        return part[:end]
    blocks = part[: near * size].view(near, size, -1)[chosen[row]]
    return torch.cat((blocks.flatten(0, 1), part[near * size : end]))


def _is_causal(mask: Tensor | None, tokens: int) -> bool:
    """Whether the mask [batch, 1, tokens, logical] hides the future and nothing else."""
    if mask is None:
        return True
    seen = mask.shape[-1] * tokens - tokens * (tokens - 1) // 2
    return bool(mask[:, 0, -1].all()) and int(mask.sum()) == mask.shape[0] * seen
