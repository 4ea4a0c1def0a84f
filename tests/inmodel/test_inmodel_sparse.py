"""Block-sparse prefill: exact when everything is read, true to its choice when not, on every way a prompt comes."""

from __future__ import annotations

import itertools

import pytest
import torch
from tiny_models import ids, llama, next_logits, small
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import scaled_dot_product_attention

from sparing import inmodel as im
from sparing.errors import PolicyError
from sparing.inmodel.sparse import attend_blocks, blocks_read
from sparing.inmodel.sparse_flex import attend_flex, block_mask

CLOSE = {"atol": 1e-5, "rtol": 0.0}
ALL = im.SparsePrefill(keep=1.0, block_tokens=16, min_tokens=0)
SOME = im.SparsePrefill(keep=0.1, block_tokens=16, min_tokens=0)


def drawn(tokens: int, stored: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries [2, 3, tokens, 8], keys and values [2, stored, 8]."""
    random = torch.Generator().manual_seed(0)
    return (
        torch.randn(2, 3, tokens, 8, generator=random),
        torch.randn(2, stored, 8, generator=random),
        torch.randn(2, stored, 8, generator=random),
    )


def dense(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    tokens, stored = queries.shape[2], keys.shape[1]
    seen = torch.ones(tokens, stored, dtype=torch.bool).tril(stored - tokens)
    return scaled_dot_product_attention(queries, keys[:, None], values[:, None], attn_mask=seen, scale=0.3)


@pytest.mark.parametrize(("tokens", "stored"), [(64, 64), (57, 57), (40, 90), (16, 233)])
def test_reading_every_block_is_dense_attention(tokens: int, stored: int) -> None:
    """A whole prompt or a later piece, full blocks or not, each query sees itself and all before it."""
    given = drawn(tokens, stored)
    torch.testing.assert_close(attend_blocks(*given, 0.3, ALL), dense(*given), **CLOSE)


@pytest.mark.parametrize("block_tokens", [16, 32])
def test_what_is_read_is_what_matters(block_tokens: int) -> None:
    """One key among many blocks answers all queries: its block is found, and the output is its value."""
    how = im.SparsePrefill(keep=0.1, block_tokens=block_tokens, min_tokens=0)
    queries, keys, values = drawn(480, 480)
    queries[..., 0], keys[..., 0] = 4.0, 0.0
    keys[:, 100, 0] = 200.0
    got = attend_blocks(queries, keys, values, 0.3, how)
    torch.testing.assert_close(got[:, :, 101:], values[:, None, 100:101].expand(-1, 3, 379, -1), atol=1e-3, rtol=0)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")  # which needs a compiler
@pytest.mark.parametrize("block_tokens", [16, 32])
@pytest.mark.parametrize(("tokens", "stored"), [(480, 480), (471, 471), (200, 490), (320, 701)])
def test_flex_attention_reads_the_same_blocks(tokens: int, stored: int, block_tokens: int) -> None:
    """Uncompiled, over the mask that a GPU's kernel gets: what the loop gives, whole prompts, later pieces and tails."""
    given = drawn(tokens, stored)
    how = im.SparsePrefill(keep=0.1, block_tokens=block_tokens, min_tokens=0)
    got = attend_flex(*given, 0.3, how, flex_attention)
    torch.testing.assert_close(got, attend_blocks(*given, 0.3, how), **CLOSE)
    assert not torch.allclose(got, dense(*given), atol=1e-2)


@pytest.mark.parametrize(("tokens", "stored"), [(471, 471), (200, 490)])
def test_a_kernel_visits_the_chosen_blocks_and_no_others(tokens: int, stored: int) -> None:
    """Whole blocks lie before all of their queries, the others are masked token by token, and none is in both."""
    queries, keys, _ = drawn(tokens, stored)
    seen = blocks_read(queries, keys, 0.3, SOME)
    mask = block_mask(seen, tokens, stored, 16)
    visited = [torch.zeros_like(seen, dtype=torch.int) for _ in range(2)]
    lists = ((mask.kv_num_blocks, mask.kv_indices), (mask.full_kv_num_blocks, mask.full_kv_indices))
    for part, (counts, indices) in zip(visited, lists, strict=True):
        for row, block in itertools.product(range(seen.shape[0]), range(seen.shape[1])):
            part[row, block, indices[0, row, block, : counts[0, row, block]].long()] = 1
    assert torch.equal(sum(visited), seen.int())
    query, key = torch.meshgrid(torch.arange(tokens) + stored - tokens, torch.arange(stored), indexing="ij")
    for block, columns in itertools.product(range(tokens // 16), range(stored // 16)):
        here = (slice(block * 16, block * 16 + 16), slice(columns * 16, columns * 16 + 16))
        assert not visited[1][0, block, columns] or bool((key[here] <= query[here]).all())
    assert int(visited[1].sum()) > int(visited[0].sum())


def test_what_is_not_read_changes_nothing() -> None:
    """Most of the old blocks are out of reach of a late block: scrambling their values leaves its output as it was."""
    queries, keys, values = drawn(480, 480)
    before = attend_blocks(queries, keys, values, 0.3, SOME)[:, :, -16:]
    unread = 0
    for block in range(1, 28):
        scrambled = values.clone()
        scrambled[0, block * 16 : block * 16 + 16] += 10
        unread += torch.equal(attend_blocks(queries, keys, scrambled, 0.3, SOME)[0, :, -16:], before[0])
    assert unread == 28 - 8  # eight are chosen, the first among them


@pytest.mark.parametrize("pieces", [[150], [60, 90], [100, 7, 43]])
def test_a_model_that_reads_every_block_says_the_same(pieces: list[int]) -> None:
    """Whole or in pieces, with what the policy dropped in between, the logits are those of dense attention."""
    model = llama()
    policy = small(score="keydiff", allocate="ada", budget=im.Budget(tokens=64, sinks=2, recent=4))
    sparse, plain = im.DropCache(model, policy, sparse=ALL), im.DropCache(model, policy)
    for piece in ids(150).split(pieces, dim=1):
        got, expected = (next_logits(model, cache, piece) for cache in (sparse, plain))
        torch.testing.assert_close(got, expected, **CLOSE)
    assert sparse.report().live_bytes == plain.report().live_bytes


def test_padded_and_short_prompts_are_read_whole() -> None:
    """Where blocks would see padding, and up to `min_tokens`, attention is dense, bit for bit."""
    model = llama()
    prompt, mask = ids(300, batch=2), torch.ones(2, 300, dtype=torch.long)
    mask[0, :40] = 0
    for more, sparse in (({"attention_mask": mask}, SOME), ({}, im.SparsePrefill())):
        first, second = (im.DropCache(model, im.FULL, sparse=how) for how in (sparse, None))
        assert torch.equal(*(next_logits(model, cache, prompt, **more) for cache in (first, second)))
    assert not torch.equal(
        *(next_logits(model, im.DropCache(model, im.FULL, sparse=how), prompt) for how in (SOME, None))
    )


@pytest.mark.parametrize("fields", [{"keep": 0.0}, {"keep": 1.5}, {"block_tokens": 24}, {"block_tokens": 0}])
def test_values_out_of_range_are_refused(fields: dict[str, float]) -> None:
    """With a typed error that names the value."""
    with pytest.raises(PolicyError, match=next(iter(fields))):
        im.SparsePrefill(**fields)  # type: ignore[arg-type]
