"""Scores by reconstruction: watching changes nothing, chunks cover the context, the profile is one threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import CacheMismatch, PolicyError
from sparing.inmodel.kvzip import reconstruct


class Letters:
    """A tokenizer of characters."""

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [2 + ord(letter) % 90 for letter in text]


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
    found = reconstruct(model, Letters(), cache, prompt, chunk_tokens=chunk_tokens)
    assert set(found.scores) == {0, 1, 2}
    for scores in found.scores.values():
        assert scores.shape == (2, 50)
        assert bool(((scores > 0) & (scores <= 1)).all())
    assert all(torch.equal(a, b) for a, b in zip(before, cache.layers[1].store.packed(), strict=True))
    assert cache.get_seq_length() == 50


def test_the_profile_keeps_the_best_of_the_whole_model() -> None:
    """What is dropped anywhere scores below what is kept anywhere, and the total is the budget."""
    model = llama()
    cache, prompt = filled(model)
    found = reconstruct(model, Letters(), cache, prompt)
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
        reconstruct(model, Letters(), cache, prompt[:, :40])


def test_compressing_later_needs_a_scorer_without_queries() -> None:
    """They are gone by then."""
    model = llama()
    cache, _ = filled(model)
    with pytest.raises(PolicyError, match="needs queries"):
        cache.compress(small(score="snapkv"))
    cache.compress(replace(small(score="knorm"), merge=True))
    assert cache.report().kept_tokens == 16
