"""A compressed prefix on disk: what was kept of a document, to be asked about later without reading it again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import PreTrainedModel

from sparing.errors import CacheMismatch
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.layer import DropLayer
from sparing.inmodel.policy import Policy
from sparing.inmodel.store import RaggedStore

_FORMAT = "sparing.inmodel.v2"
_PARTS = ("keys", "values", "columns")
_SAMPLE = 64  # leading numbers of each weight that go into the hash: a changed model differs somewhere in them


def save_cache(cache: DropCache, model: PreTrainedModel, path: Path) -> None:
    """Write what the cache holds, its policies and a hash of its model, as safetensors.

    Raises:
        CacheMismatch: The cache is empty, or has layers of another kind (sliding windows).
    """
    layers = _all_drop_layers(cache)
    tensors, described = {}, []
    for layer in layers:
        if layer.store is None:
            raise CacheMismatch("there is nothing to save: the cache has seen no tokens")
        for part, tensor in zip(_PARTS, layer.store.packed(), strict=True):
            tensors[f"{layer.index}.{part}"] = tensor
        described.append(
            {
                "lengths": layer.store.lengths,
                "kv_heads": layer.kv_heads,
                "logical_tokens": layer.logical_tokens,
                "sequences": [[sequence.start, sequence.seen_tokens] for sequence in layer.sequences],
            }
        )
    metadata = {
        "format": _FORMAT,
        "model": model_hash(model),
        "storage": cache.shared.storage,
        "policies": json.dumps([policy.to_json() for policy in cache.shared.policies]),
        "layers": json.dumps(described),
    }
    save_file(tensors, path, metadata=metadata)


def load_cache(model: PreTrainedModel, path: Path, policy: Policy | None = None) -> DropCache:
    """A cache as it was saved: a later turn goes on from it. It cannot be cropped behind its end.

    Args:
        model: The model it was made with, attached.
        policy: What it must have been made with; None takes any.
    Raises:
        CacheMismatch: Not such a file, or of another model or policy.
    """
    try:
        with safe_open(path, framework="pt", device=str(model.device)) as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise CacheMismatch(f"{path} is not a saved cache")
            if metadata["model"] != model_hash(model):
                raise CacheMismatch(f"{path} was made with another model", hint="make it again with this one")
            policies = [Policy.from_json(plain) for plain in json.loads(metadata["policies"])]
            if policy is not None and any(saved != policy for saved in policies):
                raise CacheMismatch(f"{path} was made with another policy", hint="make it again, or take any policy")
            cache = DropCache(model, policies, storage=metadata["storage"])
            for layer, plain in zip(_all_drop_layers(cache), json.loads(metadata["layers"]), strict=True):
                _fill(layer, plain, [file.get_tensor(f"{layer.index}.{part}") for part in _PARTS])
    except (OSError, SafetensorError) as error:
        raise CacheMismatch(f"{path} cannot be read: {error}") from error
    return cache


def model_hash(model: PreTrainedModel) -> str:
    """Hash of the names, shapes and leading numbers of all weights."""
    digest = hashlib.sha256()
    for name, weight in model.state_dict().items():
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        digest.update(str(weight.flatten()[:_SAMPLE].float().tolist()).encode())
    return digest.hexdigest()


def _all_drop_layers(cache: DropCache) -> list[DropLayer]:
    layers = drop_layers(cache)
    if len(layers) != len(cache.layers):
        raise CacheMismatch("only caches of models with full attention in every layer can be saved")
    return layers


def _fill(layer: DropLayer, plain: dict[str, Any], parts: list[torch.Tensor]) -> None:
    keys, values, columns = parts
    layer.store = RaggedStore.from_packed(keys, values, columns, plain["lengths"])
    layer.device, layer.is_initialized = keys.device, True
    layer.kv_heads = plain["kv_heads"]
    layer.logical_tokens = layer.firm_tokens = plain["logical_tokens"]
    layer.sequences = layer.shared.sequences(len(plain["sequences"]))
    for sequence, (start, seen) in zip(layer.sequences, plain["sequences"], strict=True):
        sequence.start, sequence.seen_tokens = start, seen
