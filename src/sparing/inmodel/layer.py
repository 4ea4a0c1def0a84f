"""One layer's cache with two lengths: logical (what the model has seen) and physical (what is stored)."""

from __future__ import annotations

import time
from copy import copy
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import CacheLayerMixin

from sparing.errors import CacheMismatch, ModelUnsupported
from sparing.inmodel.choose import Choice
from sparing.inmodel.drop import Passing, Place, Queries, Sequence, Shared, drop, take, views
from sparing.inmodel.int8 import SCALE_BYTES, decode, encode
from sparing.inmodel.pages import PageReader
from sparing.inmodel.policy import Policy
from sparing.inmodel.report import LayerReport
from sparing.inmodel.store import Contents, RaggedStore


class DropLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]
    """Stores what its policies keep. `update` only announces new tokens; the attention function stores and drops.

    Args:
        rank: This layer's place among the layers that drop, for allocators.
    """

    is_sliding = False
    is_croppable = True  # back to the recent tokens of the last drop, which are all there

    def __init__(self, index: int, rank: int, shared: Shared) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.index, self.rank, self.shared = index, rank, shared
        self.store: RaggedStore | None = None
        self.kv_heads = 0
        self.equal_dims = True  # of keys and values
        self.logical_tokens = 0
        self.firm_tokens = 0  # tokens after these were all there after the last drop: a crop goes back no further
        self.scoring_s = 0.0
        self.sequences: list[Sequence] = []
        self.reader = PageReader(shared.pages) if shared.pages is not None else None
        self._announced = False

    # --- what Transformers calls

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        batch, self.kv_heads, _, key_dim = key_states.shape
        self.equal_dims = key_dim == value_states.shape[-1]
        self.device = key_states.device
        value_dim, dtype = value_states.shape[-1], key_states.dtype
        if self.shared.storage == "int8":
            if key_dim % 2 or value_dim % 2:
                raise ModelUnsupported(f"heads of {key_dim} and {value_dim} numbers are not stored in eight bits")
            key_dim, value_dim, dtype = key_dim + SCALE_BYTES, value_dim + SCALE_BYTES, torch.int8
        self.store = RaggedStore(batch * self.kv_heads, key_dim, value_dim, dtype, key_states.device)
        self.sequences = self.shared.sequences(batch)
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

    def crop(self, tokens_to_remove: int) -> None:
        """Take back the last `-tokens_to_remove` tokens. Raises CacheMismatch if some were dropped there."""
        if tokens_to_remove == 0 or self.store is None:
            return
        length = self.logical_tokens - abs(tokens_to_remove)
        if length < self.firm_tokens:
            raise CacheMismatch(
                f"cannot go back to {length} tokens: some of the first {self.firm_tokens} were dropped",
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
        if self.shared.storage == "int8":
            keys, values = encode(keys), encode(values)
        tokens, column, gathered = keys.shape[2], self.logical_tokens, self.shared.gathered
        added = [gathered.tokens if gathered else tokens] * len(self.sequences)
        self.logical_tokens += added[0]
        if valid is None and gathered is None:
            self.store.append(keys.flatten(0, 1), values.flatten(0, 1), column)
        else:
            columns = gathered.columns if gathered else torch.arange(column, column + tokens, device=keys.device)
            here = (
                torch.ones_like(columns, dtype=torch.bool).expand(len(self.sequences), -1) if valid is None else valid
            )
            self._append_ragged(keys, values, columns, here)
            added = added if valid is None else valid.sum(-1).tolist()
        for sequence, count in zip(self.sequences, added, strict=True):
            sequence.seen_tokens += count
            sequence.since_drop_tokens += count

    def _append_ragged(self, keys: Tensor, values: Tensor, columns: Tensor, valid: Tensor) -> None:
        assert self.store is not None
        self.store.append_ragged(
            [
                (keys[index, head, here], values[index, head, here], columns[here])
                for index, here in enumerate(valid)
                for head in range(self.kv_heads)
            ]
        )
        for sequence, here in zip(self.sequences, valid, strict=True):
            if not sequence.seen_tokens and bool(here.any()):
                sequence.start = int(columns[here][0])

    def passing(self, queries: Tensor, keys: Tensor, values: Tensor, scaling: float) -> Passing:
        """The announced tokens, of the only sequence, which are not stored.

        Args:
            queries: [1, kv_heads, group, tokens, head_dim]; keys, values: [1, kv_heads, tokens, head_dim].
        """
        assert self.store is not None
        self._announced = False
        return Passing(self.index, self.store, queries[0], keys[0], values[0], scaling)

    def finish(self, queries: Tensor, valid: Tensor | None, scaling: float) -> None:
        """Drop what the policies say, from the sequences for which it is time.

        Args:
            queries: [batch, kv_heads, group, tokens, head_dim], rotated, of the tokens just appended.
            valid: As in `append`.
            scaling: Factor of the attention logits.
        """
        if self.shared.watcher is not None:
            for index in range(len(self.sequences)):
                asked = self._asked(queries[index], None if valid is None else valid[index])
                for view in views(self._place(index, scaling), self.sequences[index], self.shared, asked):
                    self.shared.watcher(view)
        if self.shared.held or (queries.shape[3] == 1 and not self.shared.drops_answers):
            return
        started = time.perf_counter()
        contents: list[Contents | None] = []
        for index in range(len(self.sequences)):
            asked = self._asked(queries[index], None if valid is None else valid[index])
            sequence = self.sequences[index]
            sequence.remember(asked)
            due = sequence.is_due(asked.columns.shape[0])
            contents += self._drop(index, sequence.policy, asked, scaling) if due else [None] * self.kv_heads
        self._replace(contents)
        self.shared.settle(self.rank)
        self.scoring_s += time.perf_counter() - started

    def compress(self, policy: Policy) -> None:
        """Drop from all sequences by this policy, now. Its scorer has no queries to look at."""
        if self.store is None:
            return
        started = time.perf_counter()
        contents: list[Contents | None] = []
        for index in range(len(self.sequences)):
            head_dim = decode(self.store.rows()[0][0][:0], torch.float32).shape[-1]
            none = Queries(torch.empty(self.kv_heads, 1, 0, head_dim), torch.empty(0, dtype=torch.long))
            contents += self._drop(index, policy, none, scaling=1.0)
        self._replace(contents)
        self.shared.settle(self.rank)
        self.scoring_s += time.perf_counter() - started

    def _drop(self, index: int, policy: Policy, asked: Queries, scaling: float) -> list[Contents | None]:
        place, taken = self._place(index, scaling), partial(self._take, index, policy)
        contents, self.sequences[index] = drop(place, self.sequences[index], policy, self.shared, asked, taken)
        return contents

    def _take(self, index: int, policy: Policy, choice: Choice) -> None:
        place = self._place(index, scaling=1.0)
        contents, self.sequences[index] = take(place, self.sequences[index], choice, policy)
        others = (len(self.sequences) - index - 1) * self.kv_heads
        self._replace([None] * place.first + contents + [None] * others)

    def _replace(self, contents: list[Contents | None]) -> None:
        assert self.store is not None
        if any(row is not None for row in contents):
            self.store.replace(contents)
            self.firm_tokens = self.logical_tokens - min(each.policy.budget.recent for each in self.sequences)

    def _place(self, index: int, scaling: float) -> Place:
        assert self.store is not None
        return Place(self.store, index * self.kv_heads, self.kv_heads, self.index, self.rank, scaling)

    def _asked(self, queries: Tensor, valid: Tensor | None) -> Queries:
        columns = torch.arange(self.logical_tokens - queries.shape[2], self.logical_tokens, device=queries.device)
        if self.shared.gathered is not None:
            columns = self.shared.gathered.columns
        return Queries(queries, columns) if valid is None else Queries(queries[:, :, valid], columns[valid])

    def take_from(self, column: int) -> list[Contents]:
        """Forget everything, and hand over what stood at or after this column: the prompt is about to come again."""
        assert self.store is not None
        rows = [(keys, values, columns, columns >= column) for keys, values, columns in self.store.rows()]
        later = [(keys[at], values[at], columns[at]) for keys, values, columns, at in rows]
        self.store.truncate(0)
        self.logical_tokens = self.firm_tokens = 0
        for sequence in self.sequences:
            sequence.seen_tokens = sequence.since_drop_tokens = 0
        return later

    def put_back(self, later: list[Contents]) -> None:
        """Add what `take_from` handed over."""
        assert self.store is not None
        self.store.append_ragged(later)
        added = later[0][2].shape[0]
        self.logical_tokens += added
        for sequence in self.sequences:
            sequence.seen_tokens += added

    def stored_tokens(self, index: int) -> int:
        """Of one sequence, in all of its rows."""
        lengths = self.store.lengths if self.store is not None else []
        return sum(lengths[index * self.kv_heads : (index + 1) * self.kv_heads])

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
