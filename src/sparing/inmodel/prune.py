"""Prompt tokens left out of the upper layers: the way to a faster prefill at every length.

After a part of the layers the tokens that matter least for the end of the prompt are taken out of the hidden states:
the layers above neither compute nor store them. Needs the question in the prompt: the upper layers forget the rest,
until `restore` computes what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import max_pool1d
from transformers import PreTrainedModel

from sparing import registry
from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.drop import Gathered
from sparing.inmodel.layer import DropLayer
from sparing.inmodel.view import LayerView, Scorer


@dataclass(frozen=True, slots=True)
class Prune:
    """What is left out, and from where on.

    Attributes:
        after: Share of the layers that see every token. Models find what was asked for in their middle layers: cut
            too early, and what is kept is arbitrary.
        keep: Share of the prompt that the layers above see.
        score: Scorer of the last full layer, averaged over its heads: by default the attention of the last query.
            "random" and "window" are the baselines.
        span_tokens: As in `Policy`.
        sinks, recent: First and last tokens that stay. The question should lie in the recent ones.
        min_tokens: Prompts up to this length are not pruned: there is nothing to win.

    Raises:
        PolicyError: A share that is not between 0 and 1.

    Source: SlimInfer, arXiv 2508.06447; GemFilter, arXiv 2409.17422. Departs from them by pruning once, and by keeping
    the lower layers' cache whole.
    """

    after: float = 0.5
    keep: float = 0.2
    score: str | Scorer = "tova"
    span_tokens: int = 9
    sinks: int = 4
    recent: int = 64
    min_tokens: int = 512

    def __post_init__(self) -> None:
        if not (0 < self.after < 1 and 0 < self.keep <= 1):
            raise PolicyError(f"after={self.after} and keep={self.keep} are shares between 0 and 1")
        if self.span_tokens < 1 or self.span_tokens % 2 == 0:
            raise PolicyError(f"span_tokens={self.span_tokens} is not an odd number of tokens")


@dataclass(slots=True)
class Pruned:
    """What was done to one prompt.

    Attributes:
        kept: Ascending columns that the upper layers saw; None: nothing was pruned, and `why` says why.
        layer: First layer that saw only those.
    """

    kept: Tensor | None = None
    tokens: int = 0
    layer: int = 0
    why: str = "no prompt came"
    _layers: list[Module] = field(default_factory=list)
    _cache: DropCache | None = None
    _hidden: Tensor | None = None
    _passed: dict[str, Any] = field(default_factory=dict)

    @torch.no_grad()
    def restore(self) -> None:
        """Compute in the upper layers what was left out: they then hold the prompt as if nothing had been pruned.

        What was generated since stays as it was computed. Costs about what pruning saved. Policies apply again.
        """
        if self.kept is None or self._hidden is None or self._cache is None:
            return
        hidden, self._hidden = self._hidden, None
        for index, layer in enumerate(self._layers):
            cached = self._cache.layers[self.layer + index]
            assert isinstance(cached, DropLayer)
            later = cached.take_from(self.tokens)
            hidden = layer(hidden, **self._passed)
            cached.put_back(later)
        self.kept, self.why = None, "restored"


@contextmanager
def prune(model: PreTrainedModel, cache: DropCache, how: Prune, prunable: Tensor | None = None) -> Iterator[Pruned]:
    """Inside, the first prompt that this cache gets is pruned on its way up.

    Args:
        prunable: [tokens] bool, which tokens may go, such as those of an image; None: all.
    Raises:
        ModelUnsupported: The model does not keep its decoder layers in `layers`.
        CacheMismatch: The cache has layers of another kind, or holds something already.
        PolicyError: The prompt is padded; prompts of different lengths are pruned one at a time.
    """
    layers = list(getattr(model.base_model, "layers", ()))
    if len(drop_layers(cache)) != len(layers):
        raise ModelUnsupported("pruning needs a model whose layers all have full attention")
    if cache.get_seq_length():
        raise CacheMismatch("only a first prompt can be pruned", hint="start with an empty cache")
    first = max(1, round(how.after * len(layers)))
    pruned = Pruned(layer=first, _layers=layers[first:], _cache=cache)
    run = _Run(how, prunable, cache, pruned)
    handles = [layers[first].register_forward_pre_hook(run.gather, with_kwargs=True)]
    handles += [layer.register_forward_pre_hook(run.narrow, with_kwargs=True) for layer in layers[first + 1 :]]
    handles.append(layers[-1].register_forward_hook(run.end))
    try:
        with cache.watch(run.look):
            yield pruned
    finally:
        cache.shared.gathered = None
        for handle in handles:
            handle.remove()


@dataclass(slots=True)
class _Run:
    """One prompt on its way up the layers."""

    how: Prune
    prunable: Tensor | None
    cache: DropCache
    pruned: Pruned
    scores: list[Tensor] = field(default_factory=list)
    narrowed: dict[str, Any] = field(default_factory=dict)

    def look(self, view: LayerView) -> None:
        """Score the last full layer."""
        if view.layer != self.pruned.layer - 1 or self.pruned.tokens or view.query_positions.shape[0] == 1:
            return
        scorer: Scorer = registry.load("scorers", self.how.score) if isinstance(self.how.score, str) else self.how.score
        window = scorer.window if scorer.window > 0 else view.queries.shape[2]
        self.scores.append(scorer.score(view.last_queries(window)).mean(0))

    def gather(self, layer: Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        """At the first upper layer: keep the hidden states of the best tokens."""
        if not self.scores:
            return None
        scores, self.scores = self.scores, []
        hidden: Tensor = args[0]
        tokens = self.pruned.tokens = hidden.shape[1]
        if len({score.shape for score in scores}) > 1 or kwargs.get("attention_mask") is not None:
            raise PolicyError("a padded prompt cannot be pruned", hint="prune one prompt at a time")
        if tokens <= self.how.min_tokens:
            self.pruned.why = f"{tokens} tokens are not above min_tokens={self.how.min_tokens}"
            return None
        kept = self._best(torch.stack(scores).mean(0))
        self.pruned.kept, self.pruned.why = kept, ""
        self.pruned._hidden, self.pruned._passed = hidden, dict(kwargs)
        self.cache.shared.gathered = Gathered(kept, tokens)
        self.narrowed = {
            "position_embeddings": tuple(part[:, kept] for part in kwargs["position_embeddings"]),
            "position_ids": kwargs["position_ids"][:, kept],
        }
        return (hidden[:, kept], *args[1:]), {**kwargs, **self.narrowed}

    def narrow(self, layer: Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        """At the layers above: positions of the tokens that are left."""
        return (args, {**kwargs, **self.narrowed}) if self.cache.shared.gathered is not None else None

    def end(self, layer: Module, args: Any, output: Any) -> None:
        self.cache.shared.gathered = None

    def _best(self, scores: Tensor) -> Tensor:
        """Ascending columns; all sequences of a batch keep the same."""
        how, tokens = self.how, scores.shape[0]
        spans = max_pool1d(scores[None], how.span_tokens, stride=1, padding=how.span_tokens // 2)[0]
        column = torch.arange(tokens, device=scores.device)
        stays = (column < how.sinks) | (column >= tokens - how.recent)
        if self.prunable is not None:
            stays = stays | ~self.prunable.to(scores.device)
        count = max(round(how.keep * tokens), int(stays.sum()))
        return spans.masked_fill(stays, float("inf")).topk(count).indices.sort().values
