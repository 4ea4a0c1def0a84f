"""Scores by reconstruction: what the model looks at when it repeats its own context.

The best scores for a document that is asked about many times, for about the price of reading it once more. They need a
second reading, so this is a function over a cache that was filled, and its result is the scorer:

>>> cache = im.DropCache(model, im.FULL)
>>> model(input_ids=ids, cache=cache)
>>> found = reconstruct(model, tokenizer, cache, ids)
>>> cache.compress(im.Policy(score=found, allocate=found.profile(0.5)))  # half of it
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from sparing.errors import CacheMismatch
from sparing.inmodel.allocate import HeadProfile
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.view import LayerView

CHUNK_TOKENS = 2048
_BLOCK_ELEMENTS = 1 << 24  # of attention at a time
_LEAD_TOKENS = 8  # of the chunk before, so that the model knows where to go on
_SINKS = 4
_WHOLE = "\n\nRepeat the previous context exactly."
_PART = "\n\nRepeat the part of the previous context exactly, starting with"


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """A scorer for the one context it was made from.

    Attributes:
        scores: Per layer [kv_heads, tokens]: the most attention that a token got from any query of any head of its
            group while the context was repeated.

    Source: KVzip, arXiv 2505.23416, section 3.
    """

    scores: dict[int, Tensor]
    name: str = "kvzip"
    window: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]."""
        return self.scores[view.layer].gather(1, view.positions.long())

    def profile(self, fraction: float) -> HeadProfile:
        """Shares by where the best `fraction` of all tokens of all heads lie: one threshold for the whole model."""
        together = torch.stack([self.scores[layer] for layer in sorted(self.scores)])  # [layers, kv_heads, tokens]
        best = together.flatten().topk(max(1, round(fraction * together.numel()))).indices
        counts = torch.zeros(together.numel()).index_fill_(0, best.cpu(), 1.0).view(together.shape).sum(-1)
        return HeadProfile(shares=tuple(tuple(row) for row in (counts / counts.mean()).tolist()))


@torch.no_grad()
def reconstruct(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    cache: DropCache,
    context_ids: Tensor,
    *,
    suffix: str = "",
    chunk_tokens: int = CHUNK_TOKENS,
) -> Reconstruction:
    """Let the model repeat its context, chunk by chunk, and watch. The cache is as before afterwards.

    Args:
        cache: Holds exactly `context_ids`, whole.
        context_ids: [1, tokens].
        suffix: Text between the request to repeat and the repetition, such as the start of the model's turn.
    Raises:
        CacheMismatch: The cache holds something else, or more than one sequence.
    """
    batch, tokens = context_ids.shape
    layers = drop_layers(cache)
    if batch != 1 or any(layer.store is None or set(layer.store.lengths) != {tokens} for layer in layers):
        raise CacheMismatch("the cache must hold one sequence, the context, whole", hint="fill it with policy FULL")
    scores = {layer.index: torch.zeros(layer.kv_heads, tokens, device=context_ids.device) for layer in layers}
    for start in range(0, tokens, chunk_tokens):
        end = min(start + chunk_tokens, tokens)

        def watch(view: LayerView, start: int = start, end: int = end) -> None:
            scores[view.layer][:, start:end] = _most_attention(view, start, end, tokens)

        lead = context_ids[:, max(0, start - _LEAD_TOKENS) : start]
        asked = [_ids(tokenizer, _PART if start else _WHOLE), lead, _ids(tokenizer, suffix), context_ids[:, start:end]]
        with cache.hold(), cache.watch(watch):
            model.base_model(input_ids=torch.cat([part.to(context_ids.device) for part in asked], dim=1), cache=cache)
            cache.crop(tokens - cache.get_seq_length())
    return Reconstruction(scores)


def _most_attention(view: LayerView, start: int, end: int, tokens: int) -> Tensor:
    """[kv_heads, end - start]: softmax over the sinks, the chunk, and the repetition so far, as in the paper."""
    sinks = min(_SINKS, start)
    length = view.keys.shape[1]
    seen = torch.cat([torch.arange(sinks), torch.arange(start, end), torch.arange(tokens, length)]).to(view.keys.device)
    near = replace(view, keys=view.keys[:, seen], values=view.values[:, seen], positions=view.positions[:, seen])
    block = max(1, _BLOCK_ELEMENTS // (view.queries.shape[0] * view.queries.shape[1] * seen.shape[0]))
    best = torch.zeros(view.keys.shape[0], end - start, device=view.keys.device)
    for row in range(0, view.queries.shape[2], block):
        attention = near.attention(slice(row, row + block))[..., sinks : sinks + end - start]
        best = torch.maximum(best, attention.amax((1, 2)))
    return best


def _ids(tokenizer: PreTrainedTokenizerBase, text: str) -> Tensor:
    return torch.tensor([tokenizer.encode(text, add_special_tokens=False)], dtype=torch.long)
