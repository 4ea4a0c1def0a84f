"""Pruning on the way up: what stays is computed as if alone, and `restore` makes up for all of it."""

from __future__ import annotations

import pytest
import torch
from tiny_models import hybrid, ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError

HOW = im.Prune(after=0.34, keep=0.4, span_tokens=1, sinks=2, recent=6, min_tokens=0)


def test_upper_layers_hold_the_kept_tokens_only() -> None:
    """One layer sees all, two see two fifths; the model goes on at the true positions."""
    model = llama()
    cache = im.DropCache(model, im.FULL)
    with im.prune(model, cache, HOW) as pruned:
        out = model.generate(ids(60), max_new_tokens=4, do_sample=False, cache=cache)
    assert out.shape[1] == 64
    assert pruned.kept is not None
    assert len(pruned.kept) == 24
    assert set(pruned.kept.tolist()) >= {0, 1, *range(54, 60)}
    assert [layer.physical_tokens[0] for layer in cache.report().layers] == [(63, 63), (27, 27), (27, 27)]
    assert cache.positions(1)[0].tolist() == [*pruned.kept.tolist(), 60, 61, 62]
    assert cache.get_seq_length() == 63


def test_the_upper_layers_compute_what_they_compute_on_those_tokens_alone() -> None:
    """Hidden states above the cut equal those of running the layers on the gathered states by hand."""
    model = llama()
    prompt = ids(60)
    cache = im.DropCache(model, im.FULL)
    with im.prune(model, cache, HOW) as pruned:
        logits = next_logits(model, cache, prompt)
    with torch.no_grad():
        hidden = model(prompt, output_hidden_states=True).hidden_states[1][:, pruned.kept]
        turn = model.model.rotary_emb(hidden, position_ids=pruned.kept[None])
        for layer in model.model.layers[1:]:
            hidden = layer(hidden, position_embeddings=turn)
        expected = model.lm_head(model.model.norm(hidden))
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


def test_keeping_every_token_changes_nothing() -> None:
    """Bit for bit."""
    model = llama()
    plain, pruned = (im.DropCache(model, im.FULL) for _ in range(2))
    expected = next_logits(model, plain, ids(60))
    with im.prune(model, pruned, im.Prune(after=0.34, keep=1.0, min_tokens=0)):
        assert torch.equal(next_logits(model, pruned, ids(60)), expected)


def test_restore_gives_the_second_turn_the_whole_prompt() -> None:
    """The upper layers then hold what they would have held; what was generated since stays."""
    model = llama()
    prompt, later = ids(60), ids(3, seed=5)
    cache, whole = (im.DropCache(model, im.FULL) for _ in range(2))
    with im.prune(model, cache, HOW) as pruned:
        next_logits(model, cache, prompt)
    generated = [part[:, -1:] for part in (later,)]
    next_logits(model, cache, generated[0])
    answer = [values[-1].clone() for _, values, _ in cache.layers[2].store.rows()]
    pruned.restore()
    next_logits(model, whole, prompt)
    assert [head.tolist() for head in cache.positions(2)] == [list(range(61))] * 2
    for (keys, values, _), (theirs, their_values, _), mine in zip(
        cache.layers[2].store.rows(), whole.layers[2].store.rows(), answer, strict=True
    ):
        torch.testing.assert_close(keys[:60], theirs, atol=1e-5, rtol=0)
        torch.testing.assert_close(values[:60], their_values, atol=1e-5, rtol=0)
        assert torch.equal(values[60], mine)
    assert cache.get_seq_length() == 61
    assert pruned.why == "restored"


def test_tokens_of_another_modality_can_be_pruned_alone() -> None:
    """Only what is marked may go."""
    model = llama()
    cache = im.DropCache(model, im.FULL)
    prunable = torch.zeros(60, dtype=torch.bool)
    prunable[10:40] = True
    with im.prune(model, cache, HOW, prunable) as pruned:
        next_logits(model, cache, ids(60))
    assert pruned.kept is not None
    assert set(range(60)) - set(pruned.kept.tolist()) <= set(range(10, 40))


def test_pruning_and_dropping_compose() -> None:
    """The lower layer drops to its budget, the upper ones hold less anyway."""
    model = llama()
    cache = im.DropCache(model, small(score="keydiff", budget=im.Budget(tokens=30, sinks=2, recent=4)))
    with im.prune(model, cache, HOW):
        next_logits(model, cache, ids(60))
    assert [layer.physical_tokens[0] for layer in cache.report().layers] == [(30, 30), (24, 24), (24, 24)]


def test_short_prompts_are_not_pruned_and_say_so() -> None:
    """Below `min_tokens` there is nothing to win."""
    model = llama()
    cache = im.DropCache(model, im.FULL)
    with im.prune(model, cache, im.Prune()) as pruned:
        next_logits(model, cache, ids(60))
    assert pruned.kept is None
    assert "min_tokens=512" in pruned.why
    assert cache.report().kept_tokens == 60


def test_what_cannot_be_pruned_is_refused() -> None:
    """Padding, a cache in use, hybrid layers, shares out of range."""
    model = llama()
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[0, :9] = 0
    cache = im.DropCache(model, im.FULL)
    with im.prune(model, cache, HOW), pytest.raises(PolicyError, match="padded"):
        next_logits(model, cache, ids(40, batch=2), attention_mask=mask)
    used = im.DropCache(model, im.FULL)
    next_logits(model, used, ids(5))
    with pytest.raises(CacheMismatch), im.prune(model, used, HOW):
        pass
    other = hybrid()
    with pytest.raises(ModelUnsupported), im.prune(other, im.DropCache(other, im.FULL), HOW):
        pass
    with pytest.raises(PolicyError):
        im.Prune(keep=0.0)
