"""Scores by reconstruction: they are the attention of a repetition, the cache stays, one threshold for all heads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_models import hybrid, ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.kvzip import reconstruct

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def filled(model, tokens: int = 50) -> tuple[im.DropCache, torch.Tensor]:
    prompt = ids(tokens)
    cache = im.DropCache(model, im.FULL)
    next_logits(model, cache, prompt)
    return cache, prompt


@pytest.mark.parametrize("chunk_tokens", [50, 16])
def test_the_scores_are_the_most_attention_of_the_repetition(chunk_tokens: int) -> None:
    """Every token of every chunk got some, none more than all; the cache is as before."""
    model = llama()
    cache, prompt = filled(model)
    before = [part.clone() for part in cache.layers[1].store.packed()]
    found = reconstruct(model, cache, prompt, chunk_tokens=chunk_tokens)
    assert set(found.scores) == {0, 1, 2}
    for scores in found.scores.values():
        assert scores.shape == (2, 50)
        assert bool(((scores > 0) & (scores <= 1)).all())
    assert all(torch.equal(a, b) for a, b in zip(before, cache.layers[1].store.packed(), strict=True))
    assert cache.get_seq_length() == 50


@pytest.mark.parametrize("chunks", [1, 3])
def test_the_scores_are_what_stock_attention_weighs(chunks: int) -> None:
    """The context and its repetition in one plain forward, each repeated token seeing its chunk, the sinks and itself:
    the most of its group's attention weights is the score."""
    model, tokens = llama(), 48
    cache, prompt = filled(model, tokens)
    found = reconstruct(model, cache, prompt, chunk_tokens=tokens // chunks)
    im.detach(model)
    model.set_attn_implementation("eager")
    each = tokens // chunks
    seen = torch.ones(2 * tokens, 2 * tokens, dtype=torch.bool).tril_()
    for start in range(0, tokens, each):
        rows = slice(tokens + start, tokens + start + each)
        seen[rows, : tokens + start] = False
        seen[rows, : min(4, start)] = True
        seen[rows, start : start + each] = True
    mask = torch.zeros(seen.shape).masked_fill_(~seen, torch.finfo(torch.float32).min)
    column = torch.arange(tokens)
    positions = torch.cat((column, (column // each + 1) * each + column % each))
    with torch.no_grad():
        weights = model(
            prompt.repeat(1, 2), attention_mask=mask[None, None], position_ids=positions[None], output_attentions=True
        ).attentions
    for layer, scores in found.scores.items():
        for chunk in range(chunks):
            here = slice(chunk * each, (chunk + 1) * each)
            repeated = weights[layer][0, :, tokens:][:, here, here]
            torch.testing.assert_close(scores[:, here], repeated.view(2, 2, each, each).amax((1, 2)), **CLOSE)


@pytest.mark.parametrize("storage", ["exact", "int8"])
def test_a_repetition_leaves_nothing_behind(storage: str) -> None:
    """Scores over rounded keys are those over exact ones but for the rounding; half of it is really dropped."""
    model, prompt = llama(), ids(50)
    cache = im.DropCache(model, im.FULL, storage=storage)
    next_logits(model, cache, prompt)
    exact, _ = filled(model)
    found, close = reconstruct(model, cache, prompt), reconstruct(model, exact, prompt)
    for layer, scores in found.scores.items():
        torch.testing.assert_close(scores, close.scores[layer], atol=0.05, rtol=0)
    before = cache.report().live_bytes
    cache.compress(small(score=found, allocate="global", budget=im.Budget(fraction=0.5, sinks=2, recent=4)))
    assert cache.report().live_bytes == before // 2


def test_a_model_that_forgets_by_itself_is_refused() -> None:
    """Its sliding windows would hold the repetition instead of the context."""
    model, prompt = hybrid(), ids(40)
    cache = im.DropCache(model, im.FULL)
    next_logits(model, cache, prompt)
    with pytest.raises(ModelUnsupported, match="full attention"):
        reconstruct(model, cache, prompt)


def test_the_profile_keeps_the_best_of_the_whole_model() -> None:
    """What is dropped anywhere scores below what is kept anywhere, and the total is the budget."""
    model = llama()
    cache, prompt = filled(model)
    found = reconstruct(model, cache, prompt)
    policy = small(score=found, allocate=found.profile(0.5), budget=im.Budget(fraction=0.5, sinks=0, recent=1))
    cache.compress(policy)
    assert abs(cache.report().kept_tokens - 25) <= 1
    kept, dropped = [], []
    for layer, scores in found.scores.items():
        for head, positions in enumerate(cache.positions(layer)):
            mask = torch.zeros(50, dtype=torch.bool)
            mask[positions] = True
            mask[-1] = True
            kept.append(scores[head][mask & (torch.arange(50) < 49)])
            dropped.append(scores[head][~mask])
    assert torch.cat(dropped).max() <= torch.cat(kept).quantile(0.1)


def test_a_cache_that_holds_something_else_is_refused() -> None:
    """Scores of other tokens would be worse than none."""
    model = llama()
    cache, prompt = filled(model)
    with pytest.raises(CacheMismatch, match="whole"):
        reconstruct(model, cache, prompt[:, :40])


def test_compressing_later_needs_a_scorer_without_queries() -> None:
    """They are gone by then."""
    model = llama()
    cache, _ = filled(model)
    with pytest.raises(PolicyError, match="needs queries"):
        cache.compress(small(score="snapkv"))
    cache.compress(replace(small(score="knorm"), merge=True))
    assert cache.report().kept_tokens == 16
