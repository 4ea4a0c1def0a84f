"""Dropping is exact: what is computed over the compacted cache is what a full cache with the same mask gives."""

from __future__ import annotations

import pytest
import torch
from tiny_models import hybrid, ids, llama, next_logits, small
from transformers import DynamicCache

from sparing import inmodel as im
from sparing import registry

CLOSE = {"atol": 1e-5, "rtol": 0.0}


def masked_reference(model, prompt: torch.Tensor, later: torch.Tensor, kept: list[list[torch.Tensor]]) -> torch.Tensor:
    """Logits of `later` over a full cache in which each layer's each head may see its kept tokens only."""
    im.detach(model)
    try:
        cache = DynamicCache(config=model.config)
        with torch.no_grad():
            model(input_ids=prompt, cache=cache)
        before, asked = prompt.shape[1], later.shape[1]
        handles = []
        for layer, heads in zip(model.model.layers, kept, strict=True):
            group = model.config.num_attention_heads // len(heads)
            seen = torch.zeros(1, len(heads), asked, before + asked, dtype=torch.bool)
            for head, positions in enumerate(heads):
                seen[0, head, :, positions] = True
            causal = torch.arange(before + asked) <= torch.arange(before, before + asked)[:, None]
            new = torch.arange(before + asked) >= before
            seen = ((seen | new) & causal).repeat_interleave(group, dim=1)

            def use(module, args, kwargs, mask=seen):
                return args, {**kwargs, "attention_mask": mask}

            handles.append(layer.self_attn.register_forward_pre_hook(use, with_kwargs=True))
        with torch.no_grad():
            logits = model(input_ids=later, cache=cache).logits
        for handle in handles:
            handle.remove()
        return logits
    finally:
        im.attach(model)


@pytest.mark.parametrize("allocate", ["uniform", "pyramid", "ada", "global"])
@pytest.mark.parametrize("score", ["random", "keydiff", "snapkv"])
def test_compacted_equals_full_with_the_same_mask(allocate: str, score: str) -> None:
    """A later piece of five tokens and one of one token see exactly what was kept, ragged rows included."""
    model = llama()
    prompt, later = ids(40), ids(6, seed=2)
    cache = im.DropCache(model, small(score=score, allocate=allocate))
    next_logits(model, cache, prompt)
    kept = [cache.positions(layer) for layer in range(3)]
    lengths = [[len(head) for head in heads] for heads in kept]
    assert sum(sum(heads) for heads in lengths) == 16 * 6
    assert allocate not in ("ada", "global") or any(len(set(heads)) > 1 for heads in lengths)
    with cache.hold():
        got = torch.cat([next_logits(model, cache, part) for part in (later[:, :5], later[:, 5:])], dim=1)
    torch.testing.assert_close(got, masked_reference(model, prompt, later, kept), **CLOSE)


def test_keeping_everything_is_stock_generate_token_for_token() -> None:
    """A fraction of 1 changes no token, greedy, over sixty steps."""
    model = llama()
    prompt = ids(50)
    im.detach(model)
    stock = model.generate(prompt, max_new_tokens=60, do_sample=False)
    im.attach(model)
    ours = model.generate(prompt, max_new_tokens=60, do_sample=False, cache=im.DropCache(model, im.FULL))
    assert torch.equal(stock, ours)


def test_without_its_cache_an_attached_model_is_unchanged() -> None:
    """Plain forwards, with and without a stock cache, are bit for bit those of the detached model."""
    model = llama()
    prompt = ids(30)
    with torch.no_grad():
        attached = model(prompt).logits
        with_stock_cache = model(prompt, cache=DynamicCache(config=model.config)).logits
        im.detach(model)
        detached = model(prompt).logits
    assert torch.equal(attached, detached)
    assert torch.equal(with_stock_cache, detached)


@pytest.mark.parametrize("allocate", ["ada", "global"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("score", registry.names("scorers"))
def test_padding_changes_nothing(side: str, score: str, allocate: str) -> None:
    """In a batch padded on either side each sequence keeps what it keeps alone, and goes on as it does alone."""
    model = llama()
    prompts = [ids(40), ids(29, seed=3)]
    batch, mask = padded(prompts, side)
    policy = small(score=score, allocate=allocate)
    together = im.DropCache(model, policy)
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    next_logits(model, together, batch, attention_mask=mask, position_ids=positions)
    kept = [[together.positions(layer, index) for layer in range(3)] for index in range(2)]
    later = ids(3, batch=2, seed=4)
    full_mask = torch.cat((mask, torch.ones(2, 3, dtype=torch.long)), dim=1)
    later_positions = (full_mask.cumsum(-1) - 1)[:, -3:]
    with together.hold():
        got = next_logits(model, together, later, attention_mask=full_mask, position_ids=later_positions)
    for index, prompt in enumerate(prompts):
        alone = im.DropCache(model, policy)
        next_logits(model, alone, prompt)
        for layer in range(3):
            for mine, theirs in zip(alone.positions(layer), kept[index][layer], strict=True):
                assert torch.equal(mine, theirs)
        with alone.hold():
            expected = next_logits(model, alone, later[index : index + 1])
        torch.testing.assert_close(got[index : index + 1], expected, **CLOSE)


def padded(prompts: list[torch.Tensor], side: str) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(prompt.shape[1] for prompt in prompts)
    batch = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros_like(batch)
    for row, prompt in enumerate(prompts):
        at = slice(longest - prompt.shape[1], None) if side == "left" else slice(0, prompt.shape[1])
        batch[row, at], mask[row, at] = prompt[0], 1
    return batch, mask


def test_generate_with_left_padding_equals_each_alone() -> None:
    """`generate` on a padded batch gives each prompt the tokens that it gets alone."""
    model = llama()
    prompts = [ids(40), ids(29, seed=3)]
    batch, mask = padded(prompts, "left")
    policy = small(score="keydiff")
    together = model.generate(
        batch, attention_mask=mask, max_new_tokens=12, do_sample=False, cache=im.DropCache(model, policy)
    )
    for index, prompt in enumerate(prompts):
        alone = model.generate(prompt, max_new_tokens=12, do_sample=False, cache=im.DropCache(model, policy))
        assert torch.equal(together[index, -12:], alone[0, -12:])


@pytest.mark.parametrize("score", ["window", "random", "knorm"])
@pytest.mark.parametrize("pieces", [[20, 20, 20], [7, 40, 13], [59, 1]])
def test_prefill_in_pieces_keeps_what_one_shot_keeps(score: str, pieces: list[int]) -> None:
    """For scores that depend on the token alone, a budget in tokens keeps the same set; in the first layer, where the
    inputs of attention do not depend on what was dropped."""
    model = llama(layers=1)
    prompt = ids(60)
    whole, cut = (im.DropCache(model, small(score=score)) for _ in range(2))
    next_logits(model, whole, prompt)
    for piece in prompt.split(pieces, dim=1):
        next_logits(model, cut, piece)
    if pieces[-1] > 1:
        for mine, theirs in zip(whole.positions(0), cut.positions(0), strict=True):
            assert torch.equal(mine, theirs)
    else:
        assert len(cut.positions(0)[0]) == 17  # a single token is decoding: it drops nothing


def test_hybrid_models_drop_in_full_layers_only() -> None:
    """Sliding-window layers keep their own cache and results stay those of stock when nothing is dropped."""
    model = hybrid()
    prompt = ids(40)
    im.detach(model)
    stock = model.generate(prompt, max_new_tokens=20, do_sample=False)
    im.attach(model)
    assert torch.equal(
        stock, model.generate(prompt, max_new_tokens=20, do_sample=False, cache=im.DropCache(model, im.FULL))
    )
    cache = im.DropCache(model, small(score="keydiff"))
    model.generate(prompt, max_new_tokens=4, do_sample=False, cache=cache)
    assert [layer.layer for layer in cache.report().layers] == [1]
    assert cache.report().layers[0].physical_tokens == ((19, 19),)
    assert cache.report().other_bytes > 0
