"""Attention of one token: in whatever way it is computed, it is softmax attention over what is stored."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from sparing.inmodel.attention import _LONG_TOKENS, _attend_rows
from sparing.inmodel.decode_cpu import attend_parts, parts_for_threads
from sparing.inmodel.store import RaggedStore

PRECISION = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tokens", [40, _LONG_TOKENS + 5])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rows", [1, 3])
def test_one_token_attends_to_everything_it_may_see(dtype: torch.dtype, tokens: int, masked: bool, rows: int) -> None:
    """Short and long rows, one and several, with room to grow behind them, in both precisions that a CPU is good at."""
    random = torch.Generator().manual_seed(0)
    queries = torch.randn(rows, 4, 1, 8, generator=random).to(dtype)
    keys, values = (torch.randn(rows, tokens + 9, 8, generator=random).to(dtype)[:, :tokens] for _ in range(2))
    allowed = torch.rand(rows, 1, 1, tokens, generator=random) > 0.3 if masked else None
    expected = scaled_dot_product_attention(
        queries.float(),
        keys.float().unsqueeze(1).expand(-1, 4, -1, -1),
        values.float().unsqueeze(1).expand(-1, 4, -1, -1),
        attn_mask=allowed,
        scale=0.4,
    )
    got = _attend_rows(queries, keys, values, allowed, 0.4)
    assert got.dtype == dtype
    torch.testing.assert_close(got.float(), expected, atol=PRECISION[dtype], rtol=0.0)


@pytest.mark.parametrize("tokens", [1030, 1500])
@pytest.mark.parametrize("parts", [1, 2, 4])
def test_a_row_cut_into_parts_is_attended_to_as_a_whole(tokens: int, parts: int) -> None:
    """What lies in the room to grow is not seen, wherever the cuts fall."""
    random = torch.Generator().manual_seed(0)
    queries = torch.randn(1, 4, 8, generator=random)
    store = RaggedStore(1, 8, 8, torch.float32, torch.device("cpu"))
    for part in torch.randn(2, 1, tokens, 8, generator=random).split([tokens - 5, 5], dim=2):
        store.append(part[0], part[1], store.lengths[0])
    (stored,) = store.groups()
    expected = scaled_dot_product_attention(queries, stored.keys, stored.values, scale=1.0)
    torch.testing.assert_close(attend_parts(queries, stored, parts), expected, atol=1e-5, rtol=0.0)


def test_rows_are_cut_only_where_threads_would_wait() -> None:
    """A long row on two threads is; a short one, and as many rows as threads, are not."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for rows, tokens, parts in ((1, 2000, 2), (1, 200, 1), (2, 2000, 1), (3, 2000, 1)):
            store = RaggedStore(rows, 8, 8, torch.float32, torch.device("cpu"))
            store.append(torch.zeros(rows, tokens, 8), torch.zeros(rows, tokens, 8), 0)
            assert parts_for_threads(next(store.groups())) == parts
    finally:
        torch.set_num_threads(before)
