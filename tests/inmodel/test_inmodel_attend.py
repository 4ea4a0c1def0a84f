"""Attention of one token: in whatever way it is computed, it is softmax attention over what is stored."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from sparing.inmodel.attention import _LONG_TOKENS, _attend_rows

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
