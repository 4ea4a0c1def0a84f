"""The running batch: sequences with policies of their own that join, take a step together, and leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sparing import inmodel as im
from sparing.generate.torch_engine.names import READ_TWICE
from sparing.inmodel.drop import Storage
from sparing.inmodel.kvzip import reconstruct
from sparing.inmodel.layer import DropLayer
from sparing.inmodel.store import RaggedStore


class Batch:
    """Sequences that decode together, in the order in which they joined.

    A prompt is read alone, in one forward. Layers drop while it is read: at no time is more stored than the budgets,
    half of this prompt's again and one layer of it, unless its score has the whole of it read twice. What is kept then
    joins the cache of the others. Rows have lengths of their own, so nothing is padded and nobody's bytes depend on the
    neighbours.
    """

    def __init__(self, model: PreTrainedModel, storage: Storage = "exact") -> None:
        self._model, self._storage = model, storage
        self._cache: im.DropCache | None = None
        self._positions: list[int] = []

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def live_bytes(self) -> int:
        """Bytes of all tokens that are stored."""
        return self._cache.report().live_bytes if self._cache is not None else 0

    @torch.inference_mode()
    def join(self, prompt: Sequence[int], policy: im.Policy) -> tuple[Tensor, im.Report]:
        """Read a prompt and add its sequence as the last one.

        Returns:
            Logits [vocabulary] of the first token of its answer; what is stored of the prompt.
        Raises:
            PolicyError: The policy cannot be followed. Nobody has joined then.
        """
        twice = policy.score == READ_TWICE
        cache = im.DropCache(self._model, im.FULL if twice else policy, storage=self._storage)
        ids = torch.tensor([prompt], device=self._model.device)
        output = self._model(input_ids=ids, cache=cache, logits_to_keep=1)
        if twice and len(prompt) > policy.min_tokens:
            cache.compress(replace(policy, score=reconstruct(self._model, cache, ids)))
        report = cache.report()
        if self._cache is None:
            self._cache = cache
        else:
            for ours, new in zip(self._cache.drop_layers, cache.drop_layers, strict=True):
                _join(ours, new)
        self._positions.append(len(prompt))
        return output.logits[0, -1], report

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Tensor:
        """Give every sequence its next token. Returns logits [sequences, vocabulary] of the ones after."""
        device = self._model.device
        output = self._model(
            input_ids=torch.tensor(tokens, device=device).unsqueeze(1),
            position_ids=torch.tensor(self._positions, device=device).unsqueeze(1),
            cache=self._cache,
        )
        self._positions = [position + 1 for position in self._positions]
        logits: Tensor = output.logits[:, -1]
        return logits

    @torch.inference_mode()
    def keep(self, indices: Sequence[int]) -> None:
        """Let go of all other sequences, and of what is stored of them."""
        self._positions = [self._positions[index] for index in indices]
        if self._cache is None or not indices:
            self._cache = None
            return
        self._cache.batch_select_indices(torch.tensor(indices))


def _join(ours: DropLayer, new: DropLayer) -> None:
    """Move the sequences of one cache's layer behind those of another's.

    A layer has one logical length. The shorter cache moves to the right, as if its sequences had been padded on the
    left: their columns and their start shift alike, so no position changes.
    """
    assert ours.store is not None
    assert new.store is not None
    logical = max(ours.logical_tokens, new.logical_tokens)
    rows, sequences = [], []
    for layer, store in ((ours, ours.store), (new, new.store)):
        shift = logical - layer.logical_tokens
        rows += [(keys, values, columns + shift) for keys, values, columns in store.rows()]
        sequences += [replace(sequence, start=sequence.start + shift) for sequence in layer.sequences]
    keys, values, columns = (torch.cat(parts) for parts in zip(*rows, strict=True))
    ours.store = RaggedStore.from_packed(keys, values, columns, [row[2].shape[0] for row in rows])
    ours.sequences = sequences
    ours.logical_tokens = ours.firm_tokens = logical
