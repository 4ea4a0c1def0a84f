"""Tiny models with random weights: exactness needs no trained ones."""

from __future__ import annotations

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from sparing import inmodel as im

VOCABULARY = 97


def llama(layers: int = 3, kv_heads: int = 2) -> LlamaForCausalLM:
    """Grouped-query attention, `layers` layers, attached."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        max_position_embeddings=512,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=None,
        pad_token_id=0,
    )
    return im.attach(LlamaForCausalLM(config).eval())


def hybrid() -> Gemma3ForCausalLM:
    """Sliding-window layers with a full one among them, attached."""
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=512,
        initializer_range=0.2,
        eos_token_id=None,
        pad_token_id=0,
    )
    return im.attach(Gemma3ForCausalLM(config).eval())


def ids(tokens: int, batch: int = 1, seed: int = 1) -> torch.Tensor:
    """[batch, tokens] token ids without padding."""
    return torch.randint(2, VOCABULARY, (batch, tokens), generator=torch.Generator().manual_seed(seed))


def small(**fields: object) -> im.Policy:
    """A policy that drops from prompts of any length, evenly, with short protected ends."""
    plain = {"budget": im.Budget(tokens=16, sinks=2, recent=4), "allocate": "uniform", "span_tokens": 1}
    return im.Policy(**{"min_tokens": 0, **plain, **fields})  # type: ignore[arg-type]


@torch.no_grad()
def next_logits(model: PreTrainedModel, cache: im.DropCache, tokens: torch.Tensor, **more: object) -> torch.Tensor:
    """[batch, tokens, vocabulary] of a forward with this cache."""
    return model(input_ids=tokens, cache=cache, **more).logits
