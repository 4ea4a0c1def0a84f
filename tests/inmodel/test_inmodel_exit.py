"""Leaving early: nothing changes where no token does, the cache stays whole where one does, the bound holds."""

from __future__ import annotations

import hashlib
import math

import pytest
import torch
from tiny_models import hybrid, ids, llama, next_logits
from transformers import LlamaForCausalLM

from sparing import inmodel as im
from sparing.errors import ModelUnsupported, PolicyError
from sparing.inmodel.exit import _at_most

NEVER = im.Exit(after=3, threshold=math.inf, agreement=0.9, held_out=1.0, exits=0.0, text_hash="")
EVERY = im.Exit(after=3, threshold=0.0, agreement=0.9, held_out=0.0, exits=1.0, text_hash="")


def useless_above(layers: int = 3) -> LlamaForCausalLM:
    """Six layers, of which those above the first `layers` do nothing."""
    model = llama(layers=6)
    for layer in model.model.layers[layers:]:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model


def test_where_no_token_leaves_nothing_changes() -> None:
    """The answer is that of stock generation, and the count says so."""
    model = llama(layers=6)
    stock = model.generate(ids(30), max_new_tokens=10, do_sample=False)
    cache = im.DropCache(model, im.FULL)
    with im.exiting(model, cache, NEVER) as exited:
        told = model.generate(ids(30), max_new_tokens=10, do_sample=False, cache=cache)
    assert torch.equal(told, stock)
    assert (exited.tokens, exited.early) == (9, 0)


def test_layers_above_hold_what_they_would_have_computed_it_from() -> None:
    """Where the upper layers do nothing anyway, leaving early is exact, in answers and in every layer's cache."""
    model = useless_above()
    early, whole = (im.DropCache(model, im.FULL) for _ in range(2))
    stock = model.generate(ids(30), max_new_tokens=10, do_sample=False, cache=whole)
    with im.exiting(model, early, EVERY) as exited:
        told = model.generate(ids(30), max_new_tokens=10, do_sample=False, cache=early)
    assert torch.equal(told, stock)
    assert (exited.tokens, exited.early) == (9, 9)
    for ours, theirs in zip(early.drop_layers, whole.drop_layers, strict=True):
        for (keys, values, columns), (their_keys, their_values, their_columns) in zip(
            ours.store.rows(), theirs.store.rows(), strict=True
        ):
            torch.testing.assert_close(keys, their_keys, atol=1e-5, rtol=0)
            torch.testing.assert_close(values, their_values, atol=1e-5, rtol=0)
            assert torch.equal(columns, their_columns)


def test_the_layers_above_compute_nothing_for_a_token_that_left() -> None:
    """Their feed-forward parts are not called, those below are; afterwards the model is as before."""
    model = llama(layers=6)
    before = model(ids(20)).logits
    cache = im.DropCache(model, im.FULL)
    next_logits(model, cache, ids(20))
    called: list[int] = []
    handles = [
        layer.mlp.register_forward_hook(lambda *_, index=index: called.append(index))
        for index, layer in enumerate(model.model.layers)
    ]
    with im.exiting(model, cache, EVERY):
        next_logits(model, cache, ids(1))
    for handle in handles:
        handle.remove()
    assert called == [0, 1, 2]
    assert torch.equal(model(ids(20)).logits, before)


def test_fitting_finds_that_nothing_is_lost() -> None:
    """Where it is so; on what was held out too. The text is remembered by its hash."""
    model = useless_above()
    text = ids(200)
    found = im.fit_exit(model, text, agreement=0.95, after=0.5)
    assert found.after == 3
    assert found.threshold == 0.5
    assert found.held_out == 1.0
    assert found.text_hash == hashlib.sha256(text.numpy().tobytes()).hexdigest()


def test_fitting_a_model_whose_upper_layers_matter_keeps_the_agreement() -> None:
    """At random weights early layers tell nothing: hardly a token leaves, and what is held out still agrees."""
    model = llama(layers=6)
    found = im.fit_exit(model, ids(200), agreement=0.95, after=0.34)
    assert found.held_out >= 0.95
    assert found.exits < 0.1


def test_the_bound_is_the_binomial_one() -> None:
    """No mistake in 149 tokens is what it takes to show 98 % with 95 % confidence."""
    assert _at_most(0, 148, 0.02) > 0.05 >= _at_most(0, 149, 0.02)
    assert _at_most(10, 10, 0.3) == pytest.approx(1.0)


def test_what_cannot_be_fitted_is_refused() -> None:
    """Too little text says how much is needed; layers of another kind; shares that are none."""
    model = llama(layers=6)
    with pytest.raises(PolicyError, match="at least 298 tokens"):
        im.fit_exit(model, ids(100))
    with pytest.raises(PolicyError, match="between 0 and 1"):
        im.fit_exit(model, ids(100), after=1.0)
    other = hybrid()
    with pytest.raises(ModelUnsupported), im.exiting(other, im.DropCache(other, im.FULL), NEVER):
        pass
