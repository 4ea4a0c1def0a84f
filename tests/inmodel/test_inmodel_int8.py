"""Keys and values in eight bits: rounded once, by no more than said; all that a cache does works on them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import ids, llama, next_logits, small
from torch.nn.functional import scaled_dot_product_attention
from transformers import LlamaConfig, LlamaForCausalLM

from sparing import inmodel as im
from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.int8 import attend_one, decode, encode
from sparing.inmodel.layer import DropLayer

CLOSE = {"atol": 1e-5, "rtol": 0.0}


@pytest.fixture
def rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches in the model's precision get keys and values as eight bits hold them."""
    append = DropLayer.append

    def rounded(layer: DropLayer, keys: torch.Tensor, values: torch.Tensor, valid: torch.Tensor | None) -> None:
        append(layer, *(decode(encode(part), part.dtype) for part in (keys, values)), valid)

    monkeypatch.setattr(DropLayer, "append", rounded)


def both(model, policy: im.Policy, **more: object) -> tuple[im.DropCache, im.DropCache]:
    return tuple(im.DropCache(model, policy, storage=storage, **more) for storage in ("int8", "exact"))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31), st.sampled_from([1e-12, 1e-3, 1.0, 1e8]), st.sampled_from([torch.float32, torch.bfloat16])
)
def test_an_element_is_off_by_a_250th_of_the_greatest_beside_it(seed: int, size: float, dtype: torch.dtype) -> None:
    """Whatever their size, and however they are stored elsewhere."""
    exact = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(seed)).mul(size).to(dtype)
    error = (decode(encode(exact), torch.float32) - exact.float()).abs()
    assert bool((error <= exact.float().abs().amax(-1, keepdim=True) / 250).all())


def test_zeros_stay_zeros_and_what_is_not_finite_stays_noticed() -> None:
    """Nothing is divided by zero, and an overflow does not become a plausible number."""
    assert torch.equal(decode(encode(torch.zeros(2, 4)), torch.float32), torch.zeros(2, 4))
    bad = torch.tensor([[1.0, float("inf")], [float("nan"), 1.0]])
    assert not bool(decode(encode(bad), torch.float32).isfinite().all(-1).any())


@pytest.mark.parametrize("masked", [False, True])
def test_one_token_attends_to_what_is_stored(masked: bool) -> None:
    """Scales inside logits and weights give what attention over the decoded keys and values gives."""
    random = torch.Generator().manual_seed(0)
    queries = torch.randn(2, 3, 8, generator=random)
    keys, values = (encode(torch.randn(2, 50, 8, generator=random)) for _ in range(2))
    allowed = torch.rand(2, 1, 50, generator=random) > 0.3 if masked else None
    plain = (decode(part, torch.float32) for part in (keys, values))
    expected = scaled_dot_product_attention(queries, *plain, attn_mask=allowed, scale=0.3)
    torch.testing.assert_close(attend_one(queries, keys, values, allowed, 0.3), expected, **CLOSE)


@pytest.mark.parametrize(("dtype", "exact_bytes"), [(torch.float32, 68), (torch.bfloat16, 36)])
@pytest.mark.parametrize("allocate", ["uniform", "global"])
def test_a_share_of_bytes_is_spent_on_eight_bits_before_tokens_go(
    dtype: torch.dtype, exact_bytes: int, allocate: str
) -> None:
    """Heads of 8 numbers take 68 or 36 bytes a token, and 24 in eight bits: half of them holds as much as it can."""
    model = llama().to(dtype)
    budget = im.Budget(byte_fraction=0.5, sinks=2, recent=4)
    cache = im.DropCache(model, small(score="keydiff", budget=budget, allocate=allocate), storage="int8")
    next_logits(model, cache, ids(64))
    kept = min(64, int(32 * exact_bytes / 24))
    assert cache.report().kept_tokens == kept
    assert cache.report().live_bytes == kept * 24 * 2 * 3


@pytest.mark.parametrize("allocate", ["uniform", "ada", "global"])
@pytest.mark.parametrize("score", ["keydiff", "snapkv"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"pages": im.Pages(read_tokens=12, page_tokens=4)},
        {"sparse": im.SparsePrefill(keep=0.1, block_tokens=16, min_tokens=0)},
    ],
)
@pytest.mark.usefixtures("rounding")
def test_a_cache_in_eight_bits_is_a_cache_of_rounded_numbers(allocate: str, score: str, more: dict) -> None:
    """To 1e-5: what is kept, a later piece and single tokens, rows of lengths of their own, pages and blocks."""
    model, policy = llama(), small(score=score, allocate=allocate)
    caches = both(model, policy, **more)
    for piece in (ids(60), ids(20, seed=2), ids(1, seed=3), ids(1, seed=4)):
        got, expected = (next_logits(model, cache, piece) for cache in caches)
        torch.testing.assert_close(got, expected, **CLOSE)
    for layer in range(3):
        for mine, theirs in zip(*(cache.positions(layer) for cache in caches), strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.usefixtures("rounding")
def test_padding_beams_and_taking_back_move_what_is_stored() -> None:
    """A padded batch is repeated, reordered and cropped as rounded numbers would be."""
    model, prompt, mask = llama(), ids(40, batch=2), torch.ones(2, 40, dtype=torch.long)
    mask[0, :9] = 0
    caches, logits = both(model, small(score="keydiff", allocate="ada")), []
    for cache in caches:
        next_logits(model, cache, prompt, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp_min(0))
        cache.batch_repeat_interleave(2)
        cache.reorder_cache(torch.tensor([3, 0, 1, 1]))
        with cache.hold():
            next_logits(model, cache, ids(5, batch=4, seed=2))
            cache.crop(-5)
            logits.append([next_logits(model, cache, ids(n, batch=4, seed=n)) for n in (3, 1)])
    for got, expected in zip(*logits, strict=True):
        torch.testing.assert_close(got, expected, **CLOSE)


@pytest.mark.usefixtures("rounding")
def test_pruning_and_restoring_work() -> None:
    """What pruning left out is computed later over rounded numbers."""
    model, logits = llama(), []
    for cache in both(model, im.FULL):
        with im.prune(model, cache, im.Prune(keep=0.4, min_tokens=0, recent=8)) as pruned:
            next_logits(model, cache, ids(60))
        pruned.restore()
        assert cache.report().kept_tokens == 60
        logits.append(next_logits(model, cache, ids(4, seed=2)))
    torch.testing.assert_close(*logits, **CLOSE)


def test_merging_rounds_the_merged_values() -> None:
    """Keys stay what they were; values carry what was dropped."""
    model = llama()
    plain, merged = (im.DropCache(model, small(score="knorm", merge=merge), storage="int8") for merge in (False, True))
    for cache in (plain, merged):
        next_logits(model, cache, ids(60))
    for (k1, v1, c1), (k2, v2, c2) in zip(plain.layers[0].store.rows(), merged.layers[0].store.rows(), strict=True):
        assert torch.equal(k1, k2)
        assert torch.equal(c1, c2)
        assert v1.shape == v2.shape
        assert not torch.equal(v1, v2)


def test_bytes_are_those_of_the_storages_and_budgets_in_bytes_hold_more() -> None:
    """Of a head of 8: 10 + 10 bytes and the column instead of 64 and the column."""
    model = llama()
    token_bytes = 3 * 2 * (10 + 10 + 4)
    cache = im.DropCache(model, small(budget=im.Budget(bytes=40 * token_bytes + 5, sinks=2, recent=4)), storage="int8")
    next_logits(model, cache, ids(200))
    stored = sum(part.untyped_storage().nbytes() for layer in cache.drop_layers for part in layer.store._buffers())
    assert cache.report().live_bytes == cache.report().allocated_bytes == stored == 40 * token_bytes
    assert cache.report().kept_tokens == 40


def test_half_of_eight_bits_is_about_an_eighth_of_float32() -> None:
    """At a usual head size, 64 numbers, columns and scales counted."""
    config = LlamaConfig(
        vocab_size=97, hidden_size=128, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2
    )
    model, sizes = im.attach(LlamaForCausalLM(config).eval()), []
    for fraction, storage in ((1.0, "exact"), (0.5, "int8")):
        cache = im.DropCache(model, small(budget=im.Budget(fraction=fraction)), storage=storage)
        next_logits(model, cache, ids(200))
        sizes.append(cache.report().live_bytes)
    assert 0.125 < sizes[1] / sizes[0] < 0.133


def test_a_saved_cache_stays_in_eight_bits(tmp_path: Path) -> None:
    """The file is as small, and answers bit for bit as before."""
    model = llama()
    cache = im.DropCache(model, small(score="keydiff", allocate="ada"), storage="int8")
    next_logits(model, cache, ids(60))
    im.save_cache(cache, model, tmp_path / "doc")
    assert 0 <= (tmp_path / "doc").stat().st_size - cache.report().live_bytes < 4096
    loaded = im.load_cache(model, tmp_path / "doc")
    assert loaded.report().live_bytes == cache.report().live_bytes
    with cache.hold(), loaded.hold():
        assert torch.equal(*(next_logits(model, each, ids(5, seed=3)) for each in (cache, loaded)))


@pytest.mark.parametrize("storage", ["int8", "exact"])
@pytest.mark.parametrize("allocate", ["uniform", "ada", "global"])
@pytest.mark.parametrize("padding", [0, 9])
def test_in_bfloat16_a_cache_says_what_it_says_in_float32(storage: str, allocate: str, padding: int) -> None:
    """To the precision of bfloat16: a later piece and single tokens, rows of lengths of their own, padding."""
    logits = []
    for dtype in (torch.float32, torch.bfloat16):
        model, mask = im.attach(im.detach(llama()).to(dtype)), torch.ones(2, 71, dtype=torch.long)
        mask[0, :padding] = 0
        positions = (mask.cumsum(-1) - 1).clamp_min(0)
        cache = im.DropCache(model, small(score="window", allocate=allocate), storage=storage)
        told = []
        for tokens in (60, 9, 1, 1):
            end = cache.get_seq_length() + tokens
            masked = {"attention_mask": mask[:, :end]} if padding else {}
            piece = ids(tokens, batch=2, seed=tokens)
            told.append(next_logits(model, cache, piece, position_ids=positions[:, end - tokens : end], **masked))
        logits.append([part[:, -1] for part in told])
    for exact, half in zip(*logits, strict=True):
        assert float((exact - half.float()).abs().mean()) < 0.1 * float(exact.std())


def test_an_unknown_storage_is_refused() -> None:
    """Such as one of Transformers."""
    with pytest.raises(PolicyError, match="'exact' or 'int8'"):
        im.DropCache(llama(), im.FULL, storage="quanto")  # type: ignore[arg-type]


def test_heads_of_an_odd_size_are_refused() -> None:
    """A scale would not lie where it can be read."""
    layer = im.DropCache(llama(), im.FULL, storage="int8").drop_layers[0]
    with pytest.raises(ModelUnsupported, match="heads of 7"):
        layer.lazy_initialization(torch.zeros(1, 2, 5, 7), torch.zeros(1, 2, 5, 8))


def test_caches_of_transformers_are_not_taken_for_ours(tmp_path: Path) -> None:
    """A quantised one drops nothing: the error names what does both."""
    from transformers import DynamicCache

    model = llama()
    with pytest.raises(ValueError, match="cache_implementation"):
        model.generate(ids(40), max_new_tokens=2, cache=im.DropCache(model, im.FULL), cache_implementation="quantized")
    theirs = DynamicCache(config=model.config)
    with pytest.raises(CacheMismatch, match='storage="int8"'), im.prune(model, theirs, im.Prune()):
        pass
    with pytest.raises(CacheMismatch, match="DynamicCache stores everything"):
        im.save_cache(theirs, model, tmp_path / "x")
