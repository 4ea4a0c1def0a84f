"""One layer's cache with two lengths: logical (what the model has seen) and physical (what is stored)."""

from __future__ import annotations

import time
from copy import copy
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import CacheLayerMixin

from sparing.errors import CacheMismatch, PolicyError
from sparing.inmodel.drop import Place, Queries, Sequence, Shared, drop
from sparing.inmodel.report import LayerReport
from sparing.inmodel.store import Contents, RaggedStore


class DropLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]
    """Stores what its policies keep. `update` only announces new tokens; the attention function stores and drops.

    Args:
        rank: This layer's place among the layers that drop, for allocators.
    """

    is_sliding = False

    def __init__(self, index: int, rank: int, shared: Shared) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.index, self.rank, self.shared = index, rank, shared
        self.store: RaggedStore | None = None
        self.kv_heads = 0
        self.logical_tokens = 0
        self.firm_tokens = 0  # logical length at the last drop: what came before cannot be cropped
        self.scoring_s = 0.0
        self.sequences: list[Sequence] = []
        self._announced = False

    # --- what Transformers calls

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        batch, self.kv_heads, _, key_dim = key_states.shape
        if len(self.shared.policies) not in (1, batch):
            raise PolicyError(
                f"{len(self.shared.policies)} policies for a batch of {batch}", hint="give one, or one each"
            )
        self.device = key_states.device
        self.store = RaggedStore(
            batch * self.kv_heads, key_dim, value_states.shape[-1], key_states.dtype, key_states.device
        )
        self.sequences = [Sequence() for _ in range(batch)]
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Hand the new keys and values through, marked with this layer so that the attention function finds it."""
        if self._announced:
            raise CacheMismatch(
                "the model computed attention without this cache", hint="call sparing.inmodel.attach(model) first"
            )
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        elif key_states.shape[0] != len(self.sequences):
            raise CacheMismatch(f"the cache holds {len(self.sequences)} sequences, {key_states.shape[0]} came")
        self._announced = True
        key_states.drop_layer = self  # type: ignore[attr-defined]
        return key_states, value_states

    def get_seq_length(self) -> int:
        """The logical length: positions of new tokens follow from it."""
        return self.logical_tokens

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """The mask is made for the logical length; the attention function picks the stored columns out of it."""
        return self.logical_tokens + query_length, 0

    def get_max_length(self) -> int:
        return -1

    @property
    def batch_size(self) -> int:
        return len(self.sequences) or -1

    @property
    def is_croppable(self) -> bool:  # type: ignore[override]
        """What came since the last drop can be taken back without a trace."""
        return self.logical_tokens > self.firm_tokens or not self.firm_tokens

    def crop(self, tokens_to_remove: int) -> None:
        """Take back the last `-tokens_to_remove` tokens.

        Raises:
            CacheMismatch: Tokens were dropped since: the earlier state is gone.
        """
        if tokens_to_remove == 0 or self.store is None:
            return
        length = self.logical_tokens - abs(tokens_to_remove)
        if length < self.firm_tokens:
            raise CacheMismatch(
                f"cannot go back to {length} tokens: some were dropped at {self.firm_tokens}",
                hint="hold the cache (with cache.hold():) while tokens may be taken back",
            )
        before = self.store.lengths
        self.store.truncate(length)
        self.logical_tokens = length
        for index, sequence in enumerate(self.sequences):
            gone = before[index * self.kv_heads] - self.store.lengths[index * self.kv_heads]
            sequence.seen_tokens -= gone
            sequence.since_drop_tokens = max(0, sequence.since_drop_tokens - gone)
            sequence.remembered = None

    def reset(self) -> None:
        """Forget everything."""
        self.store, self.sequences, self.is_initialized = None, [], False
        self.logical_tokens = self.firm_tokens = 0
        self._announced = False

    def reorder_cache(self, beam_idx: Tensor) -> None:
        self.batch_select_indices(beam_idx)

    def batch_repeat_interleave(self, repeats: int) -> None:
        self.batch_select_indices(torch.arange(len(self.sequences)).repeat_interleave(repeats))

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these sequences, in this order. Indices or a mask, as for a tensor."""
        if self.store is None:
            return
        chosen: list[int] = torch.arange(len(self.sequences))[indices.cpu()].tolist()
        self.store.select([s * self.kv_heads + head for s in chosen for head in range(self.kv_heads)])
        self.sequences = [copy(self.sequences[s]) for s in chosen]

    def offload(self) -> None:
        if self.store is not None:
            self.store.to("cpu")

    def prefetch(self) -> None:
        if self.store is not None:
            self.store.to(self.device)

    # --- what the attention function calls

    def append(self, keys: Tensor, values: Tensor, valid: Tensor | None) -> None:
        """Store the announced tokens.

        Args:
            keys, values: [batch, kv_heads, tokens, head_dim].
            valid: [batch, tokens] bool, False for padding, which is not stored; None: all valid.
        """
        assert self.store is not None
        self._announced = False
        tokens, column = keys.shape[2], self.logical_tokens
        self.logical_tokens += tokens
        if valid is None:
            self.store.append(keys.flatten(0, 1), values.flatten(0, 1), column)
            added = [tokens] * len(self.sequences)
        else:
            columns = torch.arange(column, column + tokens, dtype=torch.int32, device=keys.device)
            self.store.append_ragged(
                [
                    (keys[s, head, here], values[s, head, here], columns[here])
                    for s, here in enumerate(valid)
                    for head in range(self.kv_heads)
                ]
            )
            added = valid.sum(-1).tolist()
            for sequence, here in zip(self.sequences, valid, strict=True):
                if not sequence.seen_tokens and bool(here.any()):
                    sequence.start = int(columns[here][0])
        for sequence, count in zip(self.sequences, added, strict=True):
            sequence.seen_tokens += count
            sequence.since_drop_tokens += count

    def finish(self, queries: Tensor, valid: Tensor | None, scaling: float) -> None:
        """Drop what the policies say, if this was a piece of a prompt or enough was generated.

        Args:
            queries: [batch, kv_heads, group, tokens, head_dim], rotated, of the tokens just appended.
            valid: As in `append`.
            scaling: Factor of the attention logits.
        """
        if self.shared.held or (queries.shape[3] == 1 and not self.shared.drops_answers):
            return
        started = time.perf_counter()
        contents: list[Contents | None] = []
        for index in range(len(self.sequences)):
            contents += self._drop(index, queries[index], None if valid is None else valid[index], scaling)
        if any(row is not None for row in contents):
            assert self.store is not None
            self.store.replace(contents)
            self.firm_tokens = self.logical_tokens
        self.scoring_s += time.perf_counter() - started

    def _drop(self, index: int, queries: Tensor, valid: Tensor | None, scaling: float) -> list[Contents | None]:
        assert self.store is not None
        sequence, policy = self.sequences[index], self.shared.policy(index)
        tokens, every = queries.shape[2], policy.decode_every_tokens
        if tokens == 1 and not every:
            return [None] * self.kv_heads
        columns = torch.arange(self.logical_tokens - tokens, self.logical_tokens, device=queries.device)
        asked = Queries(queries, columns) if valid is None else Queries(queries[:, :, valid], columns[valid])
        if every:
            sequence.remember(asked, policy)
        if tokens == 1 and sequence.since_drop_tokens < every:
            return [None] * self.kv_heads
        place = Place(self.store, index * self.kv_heads, self.kv_heads, self.index, self.rank, scaling)
        contents, self.sequences[index] = drop(place, sequence, policy, self.shared, asked)
        return contents

    def report(self) -> LayerReport:
        """Lengths, bytes and cost of this layer."""
        lengths = self.store.lengths if self.store is not None else []
        return LayerReport(
            layer=self.index,
            logical_tokens=self.logical_tokens,
            physical_tokens=tuple(
                tuple(lengths[s * self.kv_heads : (s + 1) * self.kv_heads]) for s in range(len(self.sequences))
            ),
            live_bytes=self.store.live_bytes if self.store is not None else 0,
            allocated_bytes=self.store.allocated_bytes if self.store is not None else 0,
            scoring_s=self.scoring_s,
            mass=tuple(sequence.mass for sequence in self.sequences if sequence.mass),
            why=tuple(sequence.why for sequence in self.sequences),
        )
