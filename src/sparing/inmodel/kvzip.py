"""Scores by reconstruction: what the model looks at when it repeats its own context.

The best scores for a document that is asked about many times, for somewhat less than the price of reading it once more.
They need a second reading, so this is a function over a cache that was filled, and its result is the scorer:

>>> cache = im.DropCache(model, im.FULL)
>>> model(input_ids=ids, cache=cache)
>>> found = reconstruct(model, cache, ids)
>>> cache.compress(im.Policy(score=found, budget=im.Budget(fraction=0.25)))
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sparing.errors import CacheMismatch, ModelUnsupported
from sparing.inmodel.allocate import HeadProfile
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.drop import Passing
from sparing.inmodel.int8 import decode
from sparing.inmodel.view import LayerView

CHUNK_TOKENS = 256
_BLOCK_ELEMENTS = {"cpu": 1 << 19, "cuda": 1 << 26}  # of attention at a time; on a CPU it stays in the cache
_SINKS = 4


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """A scorer for the one context it was made from.

    Attributes:
        scores: Per layer [kv_heads, tokens]: the most attention that a token got from any query of any head of its
            group while the context was repeated.

    Source: KVzip, arXiv 2505.23416, section 3. Departs from it in what a repeated token sees: the sinks, its own chunk
    of the context and the repetition so far, which are what the paper's scores are shares of; the rest of the cache and
    a request to repeat made them no better. So a repetition costs what reading a short text costs, however long the
    context is, and stands right behind its chunk, within the positions that the model knows.
    """

    across: ClassVar[bool] = True
    scores: dict[int, Tensor]
    name: str = "kvzip"
    window: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]."""
        return self.scores[view.layer].gather(1, view.positions.long())

    def profile(self, fraction: float) -> HeadProfile:
        """Shares by where the best `fraction` of all tokens of all heads lie: for other texts of the same kind."""
        together = torch.stack([self.scores[layer] for layer in sorted(self.scores)])  # [layers, kv_heads, tokens]
        best = together.flatten().topk(max(1, round(fraction * together.numel()))).indices
        counts = torch.zeros(together.numel()).index_fill_(0, best.cpu(), 1.0).view(together.shape).sum(-1)
        return HeadProfile(shares=tuple(tuple(row) for row in (counts / counts.mean()).tolist()))


@torch.no_grad()
def reconstruct(
    model: PreTrainedModel, cache: DropCache, context_ids: Tensor, *, chunk_tokens: int = CHUNK_TOKENS
) -> Reconstruction:
    """Let the model repeat its context, chunk by chunk, and watch. The cache stays as it is.

    Args:
        cache: Holds exactly `context_ids`, whole.
        context_ids: [1, tokens].
        chunk_tokens: At most so many at a time; the chunks are equally long.
    Raises:
        CacheMismatch: The cache holds something else, or more than one sequence.
        ModelUnsupported: It has layers that forget by themselves, and would forget the context for its repetition.
    """
    batch, tokens = context_ids.shape
    layers = drop_layers(cache)
    if len(layers) != len(cache.layers):
        raise ModelUnsupported(
            "only a model whose layers all have full attention can repeat its context", hint="score by echo"
        )
    if batch != 1 or any(layer.store is None or set(layer.store.lengths) != {tokens} for layer in layers):
        raise CacheMismatch("the cache must hold one sequence, the context, whole", hint="fill it with policy FULL")
    scores = {layer.index: torch.zeros(layer.kv_heads, tokens, device=context_ids.device) for layer in layers}
    chunks = -(-tokens // chunk_tokens)
    edges = [tokens * chunk // chunks for chunk in range(chunks + 1)]
    for start, end in zip(edges, edges[1:], strict=False):

        def repeat(passing: Passing, start: int = start, end: int = end) -> Tensor:
            attended, scores[passing.layer][:, start:end] = _repeat(passing, start, end)
            if passing.layer == layers[-1].index:
                raise _Repeated
            return attended

        positions = torch.arange(end, 2 * end - start, device=context_ids.device)
        with cache.let_pass(repeat), suppress(_Repeated):
            model.base_model(input_ids=context_ids[:, start:end], cache=cache, position_ids=positions[None])
    return Reconstruction(scores)


class _Repeated(Exception):
    """What comes above the last layer's scores is not needed."""


def _repeat(passing: Passing, start: int, end: int) -> tuple[Tensor, Tensor]:
    """Attention of a repeated chunk in one layer, and the most of it that each of the chunk's tokens got.

    Returns:
        [kv_heads, group, tokens, head_dim] and, in float32, [kv_heads, tokens].
    """
    queries = passing.queries * passing.scaling
    kv_heads, group, tokens, _ = queries.shape
    stored = next(passing.store.groups())
    sinks = min(_SINKS, start)
    parts = [(each[:, :sinks], each[:, start:end]) for each in (stored.keys, stored.values)]
    keys, values = (
        torch.cat([*(decode(part, own.dtype) for part in past), own], dim=1)
        for past, own in zip(parts, (passing.keys, passing.values), strict=True)
    )
    past = sinks + end - start
    best = torch.zeros(kv_heads, end - start, device=keys.device)
    rows = max(1, _BLOCK_ELEMENTS.get(keys.device.type, 1 << 19) // (kv_heads * group * keys.shape[1]))
    attended = []
    for first in range(0, tokens, rows):
        asked = queries[:, :, first : first + rows]
        count = asked.shape[2]
        seen = past + first + count
        logits = torch.bmm(asked.flatten(1, 2), keys[:, :seen].transpose(1, 2)).view(kv_heads, group, count, seen)
        later = torch.ones(count, count, dtype=torch.bool, device=keys.device).triu_(1)
        logits[..., past + first :].masked_fill_(later, float("-inf"))
        shares = logits.softmax(-1, dtype=torch.float32)
        torch.maximum(best, shares[..., sinks:past].amax((1, 2)), out=best)
        weights = shares.view(kv_heads, group * count, seen).to(values.dtype)
        attended.append(torch.bmm(weights, values[:, :seen]).view(kv_heads, group, count, -1))
    return torch.cat(attended, dim=2), best
