"""The cache to give to `generate`: drops by policy in full-attention layers, leaves all others as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

import torch
from torch import Tensor
from transformers import Cache, DynamicCache, PreTrainedModel
from transformers.cache_utils import CacheLayerMixin, DynamicLayer

from sparing.errors import CacheMismatch, ModelUnsupported, PolicyError
from sparing.inmodel.attention import is_attached
from sparing.inmodel.drop import Passing, Shared, Storage
from sparing.inmodel.layer import DropLayer
from sparing.inmodel.pages import Pages
from sparing.inmodel.policy import Policy
from sparing.inmodel.report import Report
from sparing.inmodel.sparse import SparsePrefill
from sparing.inmodel.view import LayerView, Rotary


class DropCache(Cache):
    """Keys and values of a batch, of which each sequence keeps what its policy says.

    Tokens are dropped after each forward over at least `budget.recent` tokens (a prompt, a piece of one, a later turn)
    and, if the policy says so, every so many generated ones. `hold` stops that for a while.

    Args:
        model: An attached model.
        policy: One for all sequences, or one for each of the batch.
        pages: Read only so much per generated token; None reads everything that is stored.
        sparse: Read only so much per block of a long prompt; None reads everything.
        storage: "int8" stores keys and values in eight bits, a scale per token and head: about a quarter of float32.

    Raises:
        ModelUnsupported: `attach` was not called, or the model has no full-attention layer, or heads of an odd size
            were to be stored in eight bits.
        PolicyError: No policy was given, something that is none, or an unknown storage.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        policy: Policy | Sequence[Policy],
        *,
        pages: Pages | None = None,
        sparse: SparsePrefill | None = None,
        storage: Storage = "exact",
    ) -> None:
        if not is_attached(model):
            raise ModelUnsupported("the model does not use Sparing's attention", hint="call attach(model) first")
        policies = [policy] if isinstance(policy, (Policy, str)) or policy is None else list(policy)
        if not policies:
            raise PolicyError("no policy was given")
        for each in policies:
            if not isinstance(each, Policy):
                raise PolicyError(f"{each!r} is no policy", hint='give im.Policy(score="echo"), or one each')
        if storage not in get_args(Storage):
            raise PolicyError(
                f"storage={storage!r} is unknown",
                hint="it is 'exact' or 'int8'; caches of Transformers are not combined",
            )
        layers = list(DynamicCache(config=model.config).layers)
        dropping = [index for index, layer in enumerate(layers) if type(layer) is DynamicLayer]
        if not dropping:
            raise ModelUnsupported(f"{type(model).__name__} has no full-attention layer: nothing grows with the prompt")
        self.shared = Shared(
            policies, len(dropping), _rotary(model), self._stored_tokens, model.dtype, pages, sparse, storage
        )
        for rank, index in enumerate(dropping):
            layers[index] = DropLayer(index, rank, self.shared)
        super().__init__(layers=layers)

    @property
    def drop_layers(self) -> list[DropLayer]:
        return [layer for layer in self.layers if isinstance(layer, DropLayer)]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Drop nothing inside: questions about a context that was compressed before, drafts that may be taken back."""
        before, self.shared.held = self.shared.held, True
        try:
            yield
        finally:
            self.shared.held = before

    @contextmanager
    def store_only(self) -> Iterator[None]:
        """Inside, layers store keys and values and attend to nothing."""
        self.shared.storing = True
        try:
            yield
        finally:
            self.shared.storing = False

    @contextmanager
    def watch(self, watcher: Callable[[LayerView], None]) -> Iterator[None]:
        """Show every layer of every forward inside to `watcher`, after its attention."""
        before, self.shared.watcher = self.shared.watcher, watcher
        try:
            yield
        finally:
            self.shared.watcher = before

    @contextmanager
    def let_pass(self, passer: Callable[[Passing], Tensor]) -> Iterator[None]:
        """Inside, tokens leave nothing behind, and `passer` attends for them: [kv_heads, group, tokens, head_dim]."""
        self.shared.passer = passer
        try:
            yield
        finally:
            self.shared.passer = None

    def compress(self, policy: Policy) -> None:
        """Drop from what is stored, now, by another policy than the cache's own.

        Raises:
            PolicyError: Its scorer needs queries, which are gone.
        """
        for layer in self.drop_layers:
            layer.compress(policy)

    def positions(self, layer: int, sequence: int = 0) -> list[Tensor]:
        """Per head, the ascending positions of what is stored of one sequence; padding does not count."""
        drop = self.layers[layer]
        if not isinstance(drop, DropLayer) or drop.store is None:
            return []
        start = drop.sequences[sequence].start
        rows = drop.store.rows()[sequence * drop.kv_heads : (sequence + 1) * drop.kv_heads]
        return [columns.long() - start for _, _, columns in rows]

    def _stored_tokens(self, sequence: int) -> int:
        return sum(layer.stored_tokens(sequence) for layer in self.drop_layers)

    def report(self) -> Report:
        """Lengths, bytes, masses and time, as they are now."""
        others = [layer for layer in self.layers if not isinstance(layer, DropLayer)]
        return Report(
            layers=tuple(layer.report() for layer in self.drop_layers),
            other_bytes=sum(_bytes(layer) for layer in others),
        )


def drop_layers(cache: Cache) -> list[DropLayer]:
    """The layers that drop, of what a caller gave as a cache.

    Raises:
        CacheMismatch: It is a cache of Transformers, such as a quantised one.
    """
    if not isinstance(cache, DropCache):
        raise CacheMismatch(
            f"a {type(cache).__name__} stores everything in a way of its own",
            hint='give a DropCache; for keys and values in eight bits, DropCache(model, policy, storage="int8")',
        )
    return cache.drop_layers


def _bytes(layer: Any) -> int:
    if not isinstance(layer, CacheLayerMixin) or layer.keys is None or layer.values is None:
        return 0
    return sum(part.untyped_storage().nbytes() for part in (layer.keys, layer.values))


def _rotary(model: PreTrainedModel) -> Rotary | None:
    """The rotary embedding of the text model, as a function of positions alone."""
    module = next((part for name, part in model.named_modules() if name.rpartition(".")[2] == "rotary_emb"), None)
    if module is None:
        return None

    def rotary(positions: Tensor) -> tuple[Tensor, Tensor]:
        like = torch.empty(0, dtype=torch.float32, device=model.device)
        cos, sin = module(like, positions.to(model.device).unsqueeze(0))
        return cos[0], sin[0]

    return rotary
