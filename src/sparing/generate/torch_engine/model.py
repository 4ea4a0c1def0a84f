"""What the engine runs: a model, how text becomes its tokens and back, and which tokens end an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from sparing import inmodel as im
from sparing.errors import ModelUnsupported
from sparing.inmodel.drop import Storage

Messages = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready to run.

    Attributes:
        model: Attached; every layer of its cache drops.
        encode: The tokens of a conversation, up to where the answer begins.
        decode: The text of tokens.
        end_ids: Tokens that end an answer.
        token_bytes: What one token takes in the KV cache, in all layers and heads together.
        exact_token_bytes: What it would take in the model's precision.
        storage: In which precision the cache is stored.
    """

    model: PreTrainedModel
    encode: Callable[[Messages], list[int]]
    decode: Callable[[list[int]], str]
    end_ids: frozenset[int]
    token_bytes: int
    exact_token_bytes: int
    storage: Storage = "exact"


def load(path: Path, storage: Storage = "exact") -> Loaded:
    """The model of a GGUF file, with its own chat template.

    Raises:
        ModelMissing: There is no such file.
        ModelUnsupported: The engine cannot run it.
    """
    model, tokenizer = im.load_gguf(path)
    if not tokenizer.chat_template:
        raise ModelUnsupported(f"{path.name} has no chat template", hint="use an instruction-tuned model")

    def encode(messages: Messages) -> list[int]:
        ids: list[int] = tokenizer.apply_chat_template(  # type: ignore[assignment]
            messages, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return ids

    def decode(ids: list[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    return prepared(model, encode, decode, _end_ids(model, tokenizer.eos_token_id), storage)


def prepared(
    model: PreTrainedModel,
    encode: Callable[[Messages], list[int]],
    decode: Callable[[list[int]], str],
    end_ids: frozenset[int],
    storage: Storage = "exact",
) -> Loaded:
    """Attach the model and measure its cache.

    Raises:
        ModelUnsupported: Not every layer keeps all tokens, so that sequences cannot join a running batch.
    """
    im.attach(model)
    caches = [im.DropCache(model, im.FULL, storage=one) for one in (storage, "exact")]
    cache = caches[0]
    if len(cache.drop_layers) != len(cache.layers):
        raise ModelUnsupported(
            f"{type(model).__name__} has sliding-window or linear layers, whose sequences cannot join a running batch",
            hint="use a model with full attention in every layer, or engine = llama",
        )
    with torch.inference_mode():
        for each in caches:
            model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=model.device), cache=each)
    token_bytes, exact_token_bytes = (each.report().live_bytes for each in caches)
    return Loaded(model, encode, decode, end_ids, token_bytes, exact_token_bytes, storage)


def _end_ids(model: PreTrainedModel, eos: int | None) -> frozenset[int]:
    config: Any = model.generation_config
    configured = config.eos_token_id if config is not None else None
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(one for one in (*several, eos) if one is not None)
