"""Drafting with layers skipped: the answer is the whole model's, whatever is skipped, and losing is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import VOCABULARY, hybrid, ids, llama, next_logits, small
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

from sparing import inmodel as im
from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.skip import skipping
from sparing.inmodel.skip_control import Control
from sparing.inmodel.skip_fit import promised_gain

ALWAYS = im.Skip(layers=(2, 3), always=True, confidence=0.0)
FAMILIES = {
    "llama": (LlamaConfig, {}),
    "qwen2": (Qwen2Config, {}),
    "qwen3": (Qwen3Config, {"head_dim": 8}),
    "mistral": (MistralConfig, {"head_dim": 8, "sliding_window": None}),
    "phi3": (Phi3Config, {}),
}
DROPPING = small(score="keydiff", allocate="ada")


def family(name: str) -> PreTrainedModel:
    """Six layers with random weights, those in the middle weaker than the others; not attached."""
    kind, more = FAMILIES[name]
    torch.manual_seed(0)
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "initializer_range": 0.15,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": 0,
    }
    model = AutoModelForCausalLM.from_config(kind(**shape, **more)).eval()
    with torch.no_grad():
        for layer in model.model.layers[2:4]:
            layer.self_attn.o_proj.weight *= 0.3
            layer.mlp.down_proj.weight *= 0.3
    return model


@pytest.mark.parametrize("name", FAMILIES)
def test_the_answer_is_that_of_stock_generation(name: str) -> None:
    """Token for token, with drafts that are taken over and drafts that are taken back."""
    model = family(name)
    stock = model.generate(ids(30), max_new_tokens=30, do_sample=False)
    done = im.speculate(im.attach(model), ids(30), skip=ALWAYS, max_new_tokens=30)
    assert torch.equal(done.tokens, stock)
    assert 0 < done.accepted < done.drafted
    assert done.accepted + done.rounds in (28, 29)  # the prompt gave one, and there is no draft for the last one


@settings(max_examples=10, deadline=None)
@given(
    layers=st.sets(st.integers(1, 4), min_size=1),
    draft_tokens=st.integers(1, 7),
    confidence=st.sampled_from([0.0, 0.1, 0.9]),
    max_new_tokens=st.integers(1, 14),
)
def test_how_it_is_drafted_never_changes_the_answer(
    layers: set[int], draft_tokens: int, confidence: float, max_new_tokens: int
) -> None:
    """Nor its length, nor what the cache holds afterwards."""
    model = llama(layers=6)
    cache, expected = (im.DropCache(model, DROPPING) for _ in range(2))
    stock = model.generate(ids(40), max_new_tokens=max_new_tokens, do_sample=False, cache=expected)
    skip = im.Skip(tuple(layers), draft_tokens=draft_tokens, confidence=confidence, always=True)
    done = im.speculate(model, ids(40), skip=skip, cache=cache, max_new_tokens=max_new_tokens)
    assert torch.equal(done.tokens, stock)
    for layer in range(6):
        for ours, theirs in zip(cache.positions(layer), expected.positions(layer), strict=True):
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("policy", [im.FULL, DROPPING], ids=["full", "dropping"])
def test_a_second_turn_goes_on_from_what_was_told(policy: im.Policy) -> None:
    """The cache holds what it holds after `generate`, dropped tokens included; either can go on from the other."""
    model = llama(layers=6)
    ours, theirs = (im.DropCache(model, policy) for _ in range(2))
    stock = ids(0)
    for seed, tokens in ((1, 40), (2, 9), (3, 5)):
        so_far = torch.cat((stock, ids(tokens, seed=seed)), dim=1)
        stock = model.generate(so_far, max_new_tokens=12, do_sample=False, cache=theirs)
        if seed == 2:
            told = model.generate(so_far, max_new_tokens=12, do_sample=False, cache=ours)
        else:
            told = im.speculate(model, so_far, skip=ALWAYS, cache=ours, max_new_tokens=12).tokens
        assert torch.equal(told, stock)
        assert ours.get_seq_length() == theirs.get_seq_length() == stock.shape[1] - 1
        assert ours.report().kept_tokens == theirs.report().kept_tokens


def test_an_answer_ends_where_the_model_ends_it() -> None:
    """Also in the middle of a draft; what was drafted beyond is not in the cache."""
    model = llama(layers=6)
    free = model.generate(ids(30), max_new_tokens=30, do_sample=False)[0, 30:].tolist()
    for end in set(free[3:8]):
        cache = im.DropCache(model, im.FULL)
        done = im.speculate(model, ids(30), skip=ALWAYS, cache=cache, max_new_tokens=30, eos=end)
        assert done.tokens[0, 30:].tolist() == free[: free.index(end) + 1]
        assert cache.get_seq_length() == done.tokens.shape[1] - 1
    model.generation_config.eos_token_id = [free[5], free[7]]
    done = im.speculate(model, ids(30), skip=ALWAYS, max_new_tokens=30)
    assert done.tokens[0, -1] in (free[5], free[7])


def test_the_model_is_as_before_afterwards() -> None:
    """Also when something goes wrong inside a draft."""
    model = llama(layers=6)
    before = model(ids(20)).logits
    layers = list(model.model.layers)
    with skipping(layers, (1, 2)):
        assert not torch.equal(model(ids(20)).logits, before)
    with pytest.raises(KeyError), skipping(layers, (1, 2)):
        raise KeyError
    assert torch.equal(model(ids(20)).logits, before)
    assert not any("forward" in vars(layer) for layer in layers)


def test_drafting_stops_where_it_loses_and_says_so() -> None:
    """After a few rounds that took longer than plain steps; it tries again later, after a longer rest each time."""
    control = Control()
    rests = []
    for _ in range(3):
        steps = 0
        while not control.wants_draft():
            control.stepped(0.010)
            steps += 1
        rests.append(steps)
        while control.wants_draft():
            control.checked(4, 1, draft_s=0.020, verify_s=0.012)
    assert rests == [4, 64, 128]
    told = control.summary()
    assert told["on"] is False
    assert told["why"] == "a token took 16.0 ms with drafts, 10.0 ms without"
    assert (told["drafted"], told["accepted"], told["rounds"]) == (48, 12, 12)
    assert (told["plain_s"], told["draft_s"], told["verify_s"]) == (0.010, 0.005, 0.012)


def test_drafting_goes_on_where_it_pays() -> None:
    """With a plain step now and then, to know what it is compared with."""
    control = Control()
    steps = 0
    while control.rounds < 100:
        if control.wants_draft():
            control.checked(4, 3, draft_s=0.012, verify_s=0.012)
        else:
            control.stepped(0.010)
            steps += 1
    assert control.summary()["on"] is True
    assert control.summary()["why"] == ""
    assert steps == 4 + 3


def test_a_tiny_model_is_told_plainly_in_the_end() -> None:
    """Where a layer costs next to nothing drafting cannot pay; the answer is the same."""
    model = llama(layers=6)
    stock = model.generate(ids(30), max_new_tokens=80, do_sample=False)
    useless = im.Skip(layers=(4,), confidence=0.0)
    done = im.speculate(model, ids(30), skip=useless, max_new_tokens=80)
    assert torch.equal(done.tokens, stock)
    assert done.rounds < 40
    assert not done.on
    assert "ms without" in done.why


def test_no_draft_is_tried_where_the_fit_promised_none() -> None:
    """Not in the first 64 tokens; later text may differ."""
    model = llama(layers=6)
    hopeless = im.Skip(layers=(4,), confidence=0.0, promise=0.9)
    done = im.speculate(model, ids(30), skip=hopeless, max_new_tokens=60)
    assert (done.drafted, done.on) == (0, False)
    assert "promised 0.90 tokens" in done.why
    assert im.speculate(model, ids(30), skip=hopeless, max_new_tokens=90).drafted > 0


def test_fitting_finds_the_layers_that_do_nothing() -> None:
    """Two of six are the identity: they are found, whatever the others do, within the passes given."""
    model = llama(layers=6)
    for index in (2, 4):
        layer = model.model.layers[index]
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    forwards: list[int] = []
    handle = model.register_forward_hook(lambda *_: forwards.append(1))
    skip = im.fit_skip(model, ids(64), passes=12)
    handle.remove()
    assert skip.layers == (2, 4)
    assert skip.agreement == 1.0
    assert len(forwards) <= 12


def test_the_promise_is_what_counting_gives() -> None:
    """Tokens told, over drafted tokens at their share of the cost and one check a round."""
    yes, no = [True] * 10, [False] * 10
    assert promised_gain(yes, yes, 0.5, 4) == pytest.approx(10 / 6)
    assert promised_gain(yes, no, 0.5, 4) == pytest.approx(10 / 7.5)
    assert promised_gain(no, yes, 0.5, 1) == pytest.approx(10 / 15)
    assert promised_gain([True, False, True], [True] * 3, 0.5, 2) == pytest.approx(3 / 3.5)


def test_what_cannot_be_speculated_is_refused() -> None:
    """Each with a word on what to do instead."""
    model = llama(layers=6)
    with pytest.raises(ModelUnsupported, match=r"2 sequences.*by itself"):
        im.speculate(model, ids(20, batch=2), skip=ALWAYS)
    model.generation_config.do_sample = True
    with pytest.raises(ModelUnsupported, match=r"do_sample to False"):
        im.speculate(model, ids(20), skip=ALWAYS)
    model.generation_config.do_sample = False
    for layers in ((0, 2), (2, 5), (-2,)):
        with pytest.raises(PolicyError, match="only 1 to 4"):
            im.speculate(model, ids(20), skip=replace(ALWAYS, layers=layers))
    for cache in (
        im.DropCache(model, small(decode_every_tokens=8)),
        im.DropCache(model, im.FULL, pages=im.Pages()),
    ):
        with pytest.raises(PolicyError, match="decode_every_tokens=0"):
            im.speculate(model, ids(20), skip=ALWAYS, cache=cache)
    used = im.DropCache(model, im.FULL)
    next_logits(model, used, ids(20))
    with pytest.raises(CacheMismatch, match="whole conversation"):
        im.speculate(model, ids(20), skip=ALWAYS, cache=used)
    with pytest.raises(ModelUnsupported, match="full-attention"):
        im.speculate(hybrid(), ids(20), skip=im.Skip(layers=(1,)))
    with pytest.raises(ModelUnsupported, match="attach"):
        im.speculate(family("llama"), ids(20), skip=ALWAYS)
    for wrong in ({"layers": ()}, {"layers": (1, 1)}, {"draft_tokens": 0}, {"confidence": 1.5}):
        with pytest.raises(PolicyError):
            im.Skip(**{"layers": (1,), **wrong})
    with pytest.raises(PolicyError, match="at least 32"):
        im.fit_skip(model, ids(10))
    with pytest.raises(PolicyError, match="1 passes"):
        im.fit_skip(model, ids(40), passes=1)
