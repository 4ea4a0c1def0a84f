"""The cache in use: second turns, taking back, beams, budgets in bytes, the guard, mixed policies, reports."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import CacheMismatch


def stored(cache: im.DropCache) -> int:
    """Bytes of all buffers, counted from outside."""
    return sum(part.untyped_storage().nbytes() for layer in cache.drop_layers for part in layer.store._buffers())


@pytest.mark.parametrize("allocate", ["uniform", "ada", "global"])
def test_bytes_are_those_of_the_storages(allocate: str) -> None:
    """Right after a drop nothing but what is kept is allocated; later the room to grow is on top."""
    model = llama()
    cache = im.DropCache(model, small(allocate=allocate))
    next_logits(model, cache, ids(60))
    report = cache.report()
    assert report.live_bytes == report.allocated_bytes == stored(cache)
    assert report.kept_tokens == 16
    assert report.logical_tokens == 60
    next_logits(model, cache, ids(1))
    report = cache.report()
    assert report.live_bytes < report.allocated_bytes == stored(cache)


def test_half_the_budget_is_half_the_bytes() -> None:
    """Against the same cache that keeps everything."""
    model = llama()
    sizes = []
    for fraction in (1.0, 0.5):
        cache = im.DropCache(model, small(budget=im.Budget(fraction=fraction, sinks=2, recent=4)))
        next_logits(model, cache, ids(200))
        sizes.append(cache.report().live_bytes)
    assert sizes[1] * 2 == sizes[0]


def test_a_budget_in_bytes_is_held() -> None:
    """All layers and heads together stay within it, and use it to within a token."""
    model = llama()
    cache = im.DropCache(model, small(budget=im.Budget(bytes=12_000, sinks=2, recent=4)))
    next_logits(model, cache, ids(200))
    token_bytes = 3 * 2 * ((8 + 8) * 4 + 4)
    assert 12_000 - token_bytes < cache.report().live_bytes <= 12_000


def test_a_second_turn_goes_on_from_a_compacted_cache() -> None:
    """`generate` with a longer prompt adds only what is new, at its true positions."""
    model = llama()
    cache = im.DropCache(model, small(score="keydiff", budget=im.Budget(fraction=0.5, sinks=2, recent=4)))
    first = model.generate(ids(60), max_new_tokens=5, do_sample=False, cache=cache)
    second = torch.cat((first, ids(10, seed=5)), dim=1)
    out = model.generate(second, max_new_tokens=5, do_sample=False, cache=cache)
    assert out.shape[1] == 80
    assert cache.get_seq_length() == 79
    assert all(head[-1] == 78 for head in cache.positions(0))
    assert cache.report().kept_tokens == round(0.5 * 75) + 4


def test_taking_back_what_came_after_the_drop_leaves_no_trace() -> None:
    """A question is asked, taken back, and the next one gets the same answer as if it were the first."""
    model = llama()
    cache, other = (im.DropCache(model, small(score="keydiff")) for _ in range(2))
    for each in (cache, other):
        next_logits(model, each, ids(60))
    with cache.hold(), other.hold():
        next_logits(model, cache, ids(9, seed=2))
        cache.crop(-9)
        got, expected = (next_logits(model, each, ids(7, seed=3)) for each in (cache, other))
    assert torch.equal(got, expected)


def test_going_back_behind_a_drop_is_refused() -> None:
    """The earlier state is gone, and pretending otherwise would be silent loss."""
    model = llama()
    cache = im.DropCache(model, small())
    next_logits(model, cache, ids(60))
    with pytest.raises(CacheMismatch, match="hold"):
        cache.crop(-5)
    cache.crop(-4)


def test_beams_and_selections_move_whole_sequences() -> None:
    """Reordering, repeating and selecting sequences equals having had them in that order."""
    model = llama()
    prompts, policy = ids(40, batch=3), small(score="keydiff", allocate="ada")
    cache = im.DropCache(model, policy)
    next_logits(model, cache, prompts)
    cache.batch_repeat_interleave(2)
    cache.reorder_cache(torch.tensor([5, 0, 2, 2]))
    cache.batch_select_indices(torch.tensor([True, True, False, True]))
    order = torch.tensor([2, 0, 1])
    expected = im.DropCache(model, policy)
    next_logits(model, expected, prompts[order])
    later = ids(4, batch=3, seed=7)
    with cache.hold(), expected.hold():
        got, want = (next_logits(model, each, later) for each in (cache, expected))
    torch.testing.assert_close(got, want, atol=1e-5, rtol=0)


def test_beam_search_runs_on_a_compacted_cache() -> None:
    """Four beams over a dropped prompt, as `generate` does them."""
    model = llama()
    out = model.generate(ids(50), max_new_tokens=6, num_beams=4, do_sample=False, cache=im.DropCache(model, small()))
    assert out.shape == (1, 56)


def test_policies_may_differ_within_a_batch() -> None:
    """Each sequence keeps what its own policy says, as if alone."""
    model = llama()
    prompts = ids(60, batch=3)
    policies = [
        small(score="keydiff"),
        im.FULL,
        small(score="snapkv", budget=im.Budget(fraction=0.5, sinks=2, recent=4)),
    ]
    cache = im.DropCache(model, policies)
    next_logits(model, cache, prompts)
    assert list(cache.report().layers[0].physical_tokens) == [(16, 16), (60, 60), (30, 30)]
    alone = im.DropCache(model, policies[2])
    next_logits(model, alone, prompts[2:])
    assert all(torch.equal(a, b) for a, b in zip(alone.positions(2), cache.positions(2, 2), strict=True))


def test_short_prompts_are_left_alone_and_the_report_says_so() -> None:
    """Below `min_tokens` there is nothing to win."""
    model = llama()
    cache = im.DropCache(model, replace(small(), min_tokens=100))
    next_logits(model, cache, ids(80))
    assert cache.report().kept_tokens == 80
    assert cache.report().why == ("80 tokens are not above min_tokens=100",)


def test_answers_shrink_too_if_the_policy_says_so() -> None:
    """Every eight generated tokens the cache goes back to its budget."""
    model = llama()
    cache = im.DropCache(model, small(score="snapkv", decode_every_tokens=8))
    model.generate(ids(40), max_new_tokens=30, do_sample=False, cache=cache)
    assert cache.get_seq_length() == 69
    assert 16 <= cache.report().kept_tokens < 24


def test_the_guard_keeps_rows_whose_attention_would_be_lost() -> None:
    """Rows that keep too little attention stay whole; the others are dropped from; masses are reported."""
    model = llama()
    open_cache, guarded = (im.DropCache(model, small(score="random", min_mass=mass)) for mass in (0.0, 0.30))
    for cache in (open_cache, guarded):
        next_logits(model, cache, ids(60))
    for free, safe in zip(open_cache.report().layers[:1], guarded.report().layers[:1], strict=True):
        assert free.mass == safe.mass
        for mass, tokens in zip(safe.mass[0], safe.physical_tokens[0], strict=True):
            assert tokens == (60 if mass < 0.30 else 16)
    assert any(mass < 0.30 for layer in guarded.report().layers for mass in layer.mass[0])


def test_merging_keeps_keys_and_changes_values_only() -> None:
    """The same tokens at the same positions; what was dropped is in the values."""
    model = llama()
    plain, merged = (im.DropCache(model, small(score="knorm", merge=merge)) for merge in (False, True))
    for cache in (plain, merged):
        next_logits(model, cache, ids(60))
    for (k1, v1, c1), (k2, v2, c2) in zip(plain.layers[0].store.rows(), merged.layers[0].store.rows(), strict=True):
        assert torch.equal(k1, k2)
        assert torch.equal(c1, c2)
        assert not torch.allclose(v1, v2)


def test_spans_keep_the_neighbours_of_what_matters() -> None:
    """With spans of five, every token kept by its own score has its two neighbours on each side with it."""
    model = llama(layers=1)
    cache = im.DropCache(model, small(score="random", span_tokens=5, budget=im.Budget(tokens=30, sinks=2, recent=4)))
    next_logits(model, cache, ids(100))
    positions = cache.positions(0)[0].tolist()
    middle = [p for p in positions if 2 <= p < 96]
    runs = sum(1 for p in middle if p - 1 not in positions)
    assert runs <= len(middle) / 4


def test_beams_keep_the_policy_of_their_sequence() -> None:
    """Two prompts, two policies, three beams each."""
    model = llama()
    cache = im.DropCache(model, [small(score="keydiff"), im.FULL])
    model.generate(ids(50, batch=2), max_new_tokens=3, num_beams=3, do_sample=False, cache=cache)
    assert [sequence.policy.min_tokens for sequence in cache.layers[0].sequences] == [0] * 3 + [1024] * 3


def test_chunked_prefill_in_generate() -> None:
    """As `generate` cuts it, the first layer keeps what one shot keeps."""
    model = llama(layers=1)
    whole, cut = (im.DropCache(model, small(score="knorm", span_tokens=1)) for _ in range(2))
    model.generate(ids(60), max_new_tokens=2, do_sample=False, cache=whole)
    model.generate(ids(60), max_new_tokens=2, do_sample=False, cache=cut, prefill_chunk_size=20)
    assert [head.tolist() for head in whole.positions(0)] == [head.tolist() for head in cut.positions(0)]


@pytest.mark.parametrize("policy", [im.FULL, small(score="keydiff", budget=im.Budget(tokens=40, sinks=2, recent=32))])
def test_drafts_are_checked_and_taken_back(policy: im.Policy) -> None:
    """Prompt-lookup decoding works on a dropped cache, and on a full one gives the tokens of plain decoding."""
    model = llama()
    prompt = ids(24).repeat(1, 3)
    plain, drafted = (im.DropCache(model, policy) for _ in range(2))
    expected = model.generate(prompt, max_new_tokens=20, do_sample=False, cache=plain)
    got = model.generate(prompt, max_new_tokens=20, do_sample=False, cache=drafted, prompt_lookup_num_tokens=4)
    assert got.shape == expected.shape
    assert drafted.get_seq_length() == 91
    assert policy is not im.FULL or torch.equal(got, expected)
