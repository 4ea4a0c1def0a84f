"""Model families as they are: keeping everything is stock generation, and dropping works."""

from __future__ import annotations

import pytest
import torch
from tiny_models import VOCABULARY, ids, next_logits, small
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GptOssConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
)

from sparing import inmodel as im
from sparing.errors import ModelUnsupported

SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "initializer_range": 0.2,
    "eos_token_id": None,
    "pad_token_id": 0,
}
FAMILIES = {
    "qwen2": Qwen2Config(**SHAPE),
    "qwen3": Qwen3Config(**SHAPE),
    "mistral": MistralConfig(**SHAPE, sliding_window=None),
    "phi3": Phi3Config(**{key: value for key, value in SHAPE.items() if key != "head_dim"}),
}


def model_of(config):
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config).eval()


@pytest.mark.parametrize("name", FAMILIES)
def test_keeping_everything_is_stock_generation(name: str) -> None:
    """Token for token; and half the budget is half the tokens."""
    model = model_of(FAMILIES[name])
    stock = model.generate(ids(40), max_new_tokens=15, do_sample=False)
    im.attach(model)
    ours = model.generate(ids(40), max_new_tokens=15, do_sample=False, cache=im.DropCache(model, im.FULL))
    assert torch.equal(stock, ours)
    for score in ("keydiff", "expected", "snapkv"):
        cache = im.DropCache(model, small(score=score, budget=im.Budget(fraction=0.5, sinks=2, recent=4)))
        next_logits(model, cache, ids(40))
        assert cache.report().kept_tokens == 20


@pytest.mark.parametrize(
    "config",
    [
        Gemma2Config(**SHAPE, sliding_window=16, query_pre_attn_scalar=8),
        GptOssConfig(**SHAPE, sliding_window=16, num_local_experts=2, num_experts_per_tok=1),
    ],
)
def test_attention_that_is_not_plain_softmax_is_refused(config) -> None:
    """Soft caps and learned sinks would silently be lost."""
    with pytest.raises(ModelUnsupported, match="softmax"):
        im.attach(model_of(config))
