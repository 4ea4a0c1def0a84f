"""One budget for all layers: the best of the whole model stay, whatever was dropped on the way, and bytes are exact."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.inmodel.layer import DropLayer

TOKENS = 60
POLICY = small(score="knorm", allocate="global", budget=im.Budget(tokens=15, sinks=2, recent=4))


def scores_of(cache: im.DropCache) -> torch.Tensor:
    """[layers * kv_heads, tokens] by the norm of the keys of a cache that keeps everything, protected ends at inf."""
    rows = torch.stack([-keys.norm(dim=-1) for layer in cache.drop_layers for keys, _, _ in layer.store.rows()])
    rows[:, :2] = rows[:, -4:] = float("inf")
    return rows


def places(cache: im.DropCache) -> list[list[int]]:
    return [head.tolist() for layer in cache.drop_layers for head in cache.positions(layer.index)]


def test_the_best_of_the_whole_model_stay() -> None:
    """No token that was dropped anywhere scores above one that was kept anywhere, and the budget is used up."""
    model = llama(layers=8)
    whole, cache = im.DropCache(model, im.FULL), im.DropCache(model, POLICY)
    for each in (whole, cache):
        next_logits(model, each, ids(TOKENS))
    scores = scores_of(whole)
    best = torch.zeros_like(scores, dtype=torch.bool).flatten()
    best[scores.flatten().topk(15 * len(scores)).indices] = True
    assert places(cache) == [row.nonzero()[:, 0].tolist() for row in best.view(scores.shape)]
    assert len(set(map(len, places(cache)))) > 1


def test_a_long_prompt_is_never_stored_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """While layers come at most one and a half budgets and a layer are stored; without that the same tokens stay."""
    model, stored = llama(layers=8), []
    cache = im.DropCache(model, POLICY)
    append = DropLayer.append

    def watched(layer: DropLayer, *args: object) -> None:
        append(layer, *args)
        stored.append(sum(each.stored_tokens(0) for each in cache.drop_layers))

    monkeypatch.setattr(DropLayer, "append", watched)
    next_logits(model, cache, ids(TOKENS))
    budget = 15 * 16
    assert budget < max(stored) <= 1.5 * budget + TOKENS * 2 < TOKENS * 16
    at_the_end = im.DropCache(model, replace(POLICY, min_mass=0.0))
    next_logits(model, at_the_end, ids(TOKENS))
    assert places(at_the_end) == places(cache)
    assert len(at_the_end.report().layers[0].mass[0]) == 2


def test_a_later_turn_and_pieces_stay_within_the_budget() -> None:
    """Everything that is stored competes anew; the bytes are what the budget says."""
    model = llama(layers=4)
    cache = im.DropCache(model, POLICY)
    for piece in ids(TOKENS).split(20, dim=1):
        next_logits(model, cache, piece)
        assert cache.report().kept_tokens <= 15
    next_logits(model, cache, ids(30, seed=5))
    assert cache.report().kept_tokens == 15
    assert cache.report().live_bytes == sum(layer.store.live_bytes for layer in cache.drop_layers)


def test_what_was_pruned_is_restored_within_the_budget() -> None:
    """Where only the upper layers come again, what the lower ones hold counts."""
    model = llama(layers=4)
    cache = im.DropCache(model, replace(POLICY, budget=im.Budget(tokens=30, sinks=2, recent=4)))
    with im.prune(model, cache, im.Prune(keep=0.3, recent=4, min_tokens=0)) as pruned:
        next_logits(model, cache, ids(TOKENS))
    assert cache.report().kept_tokens <= 30
    pruned.restore()
    assert cache.report().kept_tokens <= 30


def test_within_the_budget_nobody_is_scored() -> None:
    """A budget of everything costs nothing and says why."""
    model = llama()
    cache = im.DropCache(model, replace(POLICY, score="snapkv", budget=im.Budget(fraction=1.0)))
    next_logits(model, cache, ids(TOKENS))
    assert cache.report().kept_tokens == TOKENS
    assert {why for layer in cache.report().layers for why in layer.why} == {"within the budget"}


def test_sequences_of_a_batch_compete_for_themselves() -> None:
    """Each with its own policy, as alone; one that shares nothing out beside one that does."""
    model, prompts = llama(layers=5), ids(TOKENS, batch=3)
    policies = [POLICY, small(score="keydiff"), replace(POLICY, score="keydiff")]
    together = im.DropCache(model, policies)
    next_logits(model, together, prompts)
    for index, policy in enumerate(policies):
        alone = im.DropCache(model, policy)
        next_logits(model, alone, prompts[index : index + 1])
        assert places(alone) == [
            head.tolist() for layer in together.drop_layers for head in together.positions(layer.index, index)
        ]


def test_compressing_later_lets_all_layers_compete() -> None:
    """As at the end of a prompt, for a score without queries."""
    model = llama(layers=8)
    at_once, later = im.DropCache(model, POLICY), im.DropCache(model, im.FULL)
    for cache in (at_once, later):
        next_logits(model, cache, ids(TOKENS))
    later.compress(POLICY)
    assert places(at_once) == places(later)


def test_what_suits_the_score_is_the_default() -> None:
    """Shares of attention compare across layers, norms of keys do not; what is asked for is done."""
    assert im.Policy().allocator == im.Global()
    assert im.Policy(score="knorm").allocator == im.Ada()
    assert im.Policy(allocate="uniform").allocator == im.Uniform()
    assert im.Policy.from_json(im.Policy().to_json()) == im.Policy()
