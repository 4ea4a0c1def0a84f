"""Block-sparse prefill as one FlexAttention kernel, for GPUs: the blocks that the loop of `sparse` reads, at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from sparing.inmodel.sparse import SparsePrefill, blocks_read


def attend_flex(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    scaling: float,
    how: SparsePrefill,
    kernel: Callable[..., Any] | None = None,
) -> Tensor:
    """What `sparse.attend_blocks` computes; arguments as there.

    Args:
        kernel: What attends; None: FlexAttention, compiled at the first call, which takes seconds.
    """
    rows, group, tokens, head_dim = queries.shape
    seen = blocks_read(queries, keys, scaling, how).repeat_interleave(group, dim=0)
    output: Tensor = (kernel or _compiled())(
        queries.reshape(1, rows * group, tokens, head_dim),
        keys.unsqueeze(0),
        values.unsqueeze(0),
        block_mask=block_mask(seen, tokens, keys.shape[1], how.block_tokens),
        scale=scaling,
        enable_gqa=True,
    )
    return output.view(rows, group, tokens, -1)


def block_mask(seen: Tensor, tokens: int, stored_tokens: int, size: int) -> BlockMask:
    """Causal, and nothing but the blocks of [heads, query blocks, key blocks] that are true.

    Blocks that lie before all of their queries are read without looking at single tokens.
    """
    past = stored_tokens - tokens
    first_query = past + size * torch.arange(seen.shape[1], device=seen.device)
    last_key = size * torch.arange(1, seen.shape[2] + 1, device=seen.device) - 1
    whole = seen & (last_key <= first_query.unsqueeze(1))

    def allowed(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return seen[head, query // size, key // size] & (key <= query + past)

    return BlockMask.from_kv_blocks(
        *_listed(seen & ~whole),
        *_listed(whole),
        BLOCK_SIZE=size,
        mask_mod=allowed,
        seq_lengths=(tokens, stored_tokens),
        compute_q_blocks=False,
    )


def _listed(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """Per head and query block: how many key blocks, and which, those first; a batch of one in front."""
    order = blocks.to(torch.int8).argsort(dim=-1, descending=True, stable=True)
    return blocks.sum(-1, dtype=torch.int32).unsqueeze(0), order.to(torch.int32).unsqueeze(0)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., Any]:
    compiled: Callable[..., Any] = torch.compile(flex_attention)
    return compiled
