"""Scores and kept sets of kvpress on one small layer, for tests/inmodel/test_inmodel_parity.py.

Runs in an environment of its own:

    python -m venv kvpress && kvpress/bin/pip install "kvpress==0.5.5" "transformers==5.2.0"
    kvpress/bin/python benchmarks/peers/kvpress_reference.py tests/inmodel/kvpress_reference.safetensors
"""

import sys

import torch
from kvpress import (
    AdaKVPress,
    ExpectedAttentionPress,
    KeyDiffPress,
    KnormPress,
    MergingPress,
    ObservedAttentionPress,
    SnapKVPress,
    StreamingLLMPress,
    TOVAPress,
)
from kvpress.utils import get_prerope_query_states
from safetensors.torch import save_file
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb, repeat_kv

TOKENS, KEPT = 48, 0.5
PRESSES = {
    "window": StreamingLLMPress(KEPT),
    "knorm": KnormPress(KEPT),
    "keydiff": KeyDiffPress(KEPT),
    "tova": TOVAPress(KEPT),
    "snapkv": SnapKVPress(KEPT, window_size=16),
    "expected": ExpectedAttentionPress(KEPT),
    "h2o": ObservedAttentionPress(KEPT),
}


@torch.no_grad()
def main(target: str) -> None:
    torch.manual_seed(3)
    shape = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.5}
    model = LlamaForCausalLM(LlamaConfig(**shape, **heads)).eval()
    module = model.model.layers[1].self_attn
    module.rotary_emb = model.model.rotary_emb
    seen = {}

    def look(module, args, kwargs):
        seen.update(hidden=kwargs["hidden_states"], turn=kwargs["position_embeddings"])

    module.register_forward_pre_hook(look, with_kwargs=True)
    cache = DynamicCache()
    model(torch.randint(0, 64, (1, TOKENS)), past_key_values=cache)
    keys, values = cache.layers[1].keys, cache.layers[1].values
    queries = get_prerope_query_states(module, seen["hidden"])
    queries, _ = apply_rotary_pos_emb(queries, keys, *seen["turn"])
    logits = queries @ repeat_kv(keys, 2).transpose(2, 3) * module.scaling
    attention = logits.masked_fill(torch.ones(TOKENS, TOKENS).triu(1).bool(), float("-inf")).softmax(-1)
    given = {"position_embeddings": seen["turn"], "past_key_values": cache}
    out = {"queries": queries[0], "keys": keys[0], "values": values[0]}
    for name, press in PRESSES.items():
        watched = attention if name == "h2o" else None
        out[f"score.{name}"] = press.score(module, seen["hidden"], keys, values, watched, given)[0]
    ada = AdaKVPress(KnormPress(KEPT))
    ada.compress(module, seen["hidden"], keys, values, None, given)
    out["ada.dropped_per_head"] = torch.bincount(module.masked_key_indices[1], minlength=2)
    kept = out["score.knorm"].topk(TOKENS // 2).indices[None]
    merged = MergingPress(KnormPress(KEPT)).merge(keys, values, kept)[1]
    out["merged"] = merged.gather(2, kept.sort().values[..., None].expand(-1, -1, -1, 8))[0]
    save_file({name: part.contiguous().clone() for name, part in out.items()}, target)


if __name__ == "__main__":
    main(sys.argv[1])
