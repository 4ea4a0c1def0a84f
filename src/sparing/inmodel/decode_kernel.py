"""One token's attention over rows of any length, on a GPU: one launch for all heads of all sequences.

Source: Flash-Decoding (pytorch.org/blog/flash-decoding): each row's tokens are split over the card, the parts joined by
their sums. Ours reads rows of different lengths where they lie, and eight-bit rows as they are stored.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from sparing.inmodel.store import RaggedStore

_BLOCK_TOKENS = 64
_MOST_SPLITS = 128
_PROGRAMS_PER_CORE = 4  # enough that no core waits for the longest row
_LEAST_GROUP = 16  # rows of a matrix that tensor cores take


def attend_rows_on_gpu(queries: Tensor, store: RaggedStore, scaling: float) -> Tensor:
    """Attention of one token per sequence over everything that is stored.

    Args:
        queries: [rows, group, head_dim], contiguous.
    Returns:
        [rows, group, head_dim]; zeros for a row that stores nothing.
    """
    rows, group, dim = queries.shape
    flat, more = store.flat()
    longest = max(store.lengths)
    blocks = max(1, triton.cdiv(longest, _BLOCK_TOKENS))
    splits = max(1, min(blocks, _MOST_SPLITS, triton.cdiv(_PROGRAMS_PER_CORE * _cores(queries), rows)))
    chunk = triton.cdiv(blocks, splits) * _BLOCK_TOKENS
    parts = queries.new_empty(rows, splits, group, dim, dtype=torch.float32)
    sums = queries.new_empty(2, rows, splits, group, dtype=torch.float32)
    shape: dict[str, Any] = {"GROUP": group, "PADDED": max(_LEAST_GROUP, triton.next_power_of_2(group)), "DIM": dim}
    _attend_part[(rows, splits)](
        queries,
        flat.keys,
        flat.values,
        flat.starts,
        flat.lengths,
        parts,
        sums[0],
        sums[1],
        more,
        chunk,
        scaling,
        flat.keys.stride(0),
        flat.values.stride(0),
        BLOCK=_BLOCK_TOKENS,
        EIGHT_BITS=flat.keys.dtype == torch.int8,
        **shape,
    )
    output = torch.empty_like(queries)
    _join[(rows, group)](
        parts, sums[0], sums[1], output, splits, SPLITS=triton.next_power_of_2(splits), GROUP=group, DIM=dim
    )
    return output


def _cores(queries: Tensor) -> int:
    if queries.device.type != "cuda":
        return 1  # Triton's interpreter
    return torch.cuda.get_device_properties(queries.device).multi_processor_count


@triton.jit(do_not_specialize=["more", "chunk"])  # type: ignore[untyped-decorator]
def _attend_part(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    queries,
    keys,
    values,
    starts,
    lengths,
    parts,
    tops,
    totals,
    more,
    chunk,
    scaling,
    key_pitch,
    value_pitch,
    GROUP: tl.constexpr,  # noqa: N803
    PADDED: tl.constexpr,  # noqa: N803
    DIM: tl.constexpr,  # noqa: N803
    BLOCK: tl.constexpr,  # noqa: N803
    EIGHT_BITS: tl.constexpr,  # noqa: N803
):
    """One stretch of `chunk` tokens of one row: its weighted values, its greatest logit, the sum of its weights."""
    row, split = tl.program_id(0), tl.program_id(1)
    start = tl.load(starts + row)
    end = tl.minimum((split + 1) * chunk, tl.load(lengths + row) + more)
    member, dim = tl.arange(0, PADDED), tl.arange(0, DIM)
    real = member < GROUP
    query = tl.load(queries + (row * GROUP + member[:, None]) * DIM + dim[None, :], mask=real[:, None], other=0.0)
    top = tl.full([PADDED], -float("inf"), tl.float32)
    total = tl.zeros([PADDED], tl.float32)
    output = tl.zeros([PADDED, DIM], tl.float32)
    for at in range(split * chunk, end, BLOCK):
        token = at + tl.arange(0, BLOCK)
        here = token < end
        slot = start + token
        key = tl.load(keys + slot[None, :] * key_pitch + dim[:, None], mask=here[None, :], other=0)
        value = tl.load(values + slot[:, None] * value_pitch + dim[None, :], mask=here[:, None], other=0)
        logits = tl.dot(query, key.to(query.dtype), input_precision="ieee") * scaling
        if EIGHT_BITS:
            scale = tl.load((keys + slot * key_pitch + DIM).to(tl.pointer_type(tl.bfloat16)), mask=here, other=0.0)
            logits *= scale.to(tl.float32)[None, :]
        logits = tl.where(here[None, :], logits, -float("inf"))
        above = tl.maximum(top, tl.max(logits, 1))
        weights = tl.exp(logits - above[:, None])
        shrink = tl.exp(top - above)
        total = total * shrink + tl.sum(weights, 1)
        if EIGHT_BITS:
            scale = tl.load((values + slot * value_pitch + DIM).to(tl.pointer_type(tl.bfloat16)), mask=here, other=0.0)
            weights *= scale.to(tl.float32)[None, :]
        output = output * shrink[:, None] + tl.dot(
            weights.to(query.dtype), value.to(query.dtype), input_precision="ieee"
        )
        top = above
    place = (row * tl.num_programs(1) + split) * GROUP + member
    tl.store(tops + place, top, mask=real)
    tl.store(totals + place, total, mask=real)
    tl.store(parts + place[:, None] * DIM + dim[None, :], output, mask=real[:, None])


@triton.jit(do_not_specialize=["splits"])  # type: ignore[untyped-decorator]
def _join(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    parts,
    tops,
    totals,
    output,
    splits,
    SPLITS: tl.constexpr,  # noqa: N803
    GROUP: tl.constexpr,  # noqa: N803
    DIM: tl.constexpr,  # noqa: N803
):
    """One query's stretches made one."""
    row, member = tl.program_id(0), tl.program_id(1)
    split, dim = tl.arange(0, SPLITS), tl.arange(0, DIM)
    here = split < splits
    place = (row * splits + split) * GROUP + member
    top = tl.load(tops + place, mask=here, other=-float("inf"))
    total = tl.load(totals + place, mask=here, other=0.0)
    above = tl.max(top, 0)
    share = tl.where(total > 0, tl.exp(top - above), 0.0)
    part = tl.load(parts + place[:, None] * DIM + dim[None, :], mask=here[:, None], other=0.0)
    whole = tl.sum(share * total, 0)
    joined = tl.sum(part * share[:, None], 0) / tl.where(whole > 0, whole, 1.0)
    tl.store(output + (row * GROUP + member) * DIM + dim, joined.to(output.dtype.element_ty))
