"""Approximate: generated tokens leave the model after a part of its layers where that seems enough.

Answers change. How often is bounded on the user's own text before, and measured on the part that the bound never saw.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from transformers import PreTrainedModel

from sparing.errors import ModelUnsupported, PolicyError
from sparing.inmodel.cache import DropCache, drop_layers
from sparing.inmodel.policy import FULL
from sparing.inmodel.skip import decoder_layers, replaced

_THRESHOLDS = tuple(1 - 2.0**-power for power in range(12, 0, -1))  # 0.9998 down to 0.5
_RISK = 0.05


@dataclass(frozen=True, slots=True)
class Exit:
    """When a generated token leaves early, and how it did on the text it was fitted to.

    Attributes:
        after: Layers that every token passes.
        threshold: It leaves if the most likely next token is at least this likely there; infinite: never.
        agreement: Share of next tokens that had to be those of the whole model, with 95 % confidence.
        held_out: That share as measured, on the half of the text that the threshold was not fitted to.
        exits: Share of the held-out tokens that left early.
        text_hash: SHA-256 of the token ids of the text.
    """

    after: int
    threshold: float
    agreement: float
    held_out: float
    exits: float
    text_hash: str


@dataclass(slots=True)
class Exited:
    """How many generated tokens came, how many left early, and whether the current one does."""

    tokens: int = 0
    early: int = 0
    leaves: bool = False


@torch.no_grad()
def fit_exit(model: PreTrainedModel, token_ids: Tensor, *, agreement: float = 0.98, after: float = 0.67) -> Exit:
    """The lowest threshold that keeps the stated agreement, by exact binomial tests from the highest down, the first
    that fails ends it: with 95 % confidence the agreement holds for tokens drawn as those of the text's first half
    were. Tokens of one text depend on each other, so take the second half's measured agreement as seriously.

    Args:
        model: Attached.
        token_ids: [1, tokens] of the user's own text; half of it is held out.
        after: Share of the layers that every token passes.
    Raises:
        PolicyError: Too few tokens to show the agreement at all, or a share that is none.
        ModelUnsupported: Layers without `input_layernorm` and `self_attn`, or not all with full attention.

    Source: CALM, arXiv 2207.07061, section 3, and Learn then Test, arXiv 2110.01052. Departs from them with one exit.
    """
    if not (0 < after < 1 and 0 < agreement < 1):
        raise PolicyError(f"after={after} and agreement={agreement} are shares between 0 and 1")
    layers = decoder_layers(model)
    first = min(max(1, round(after * len(layers))), len(layers) - 1)
    half = token_ids.shape[1] // 2
    needed = math.ceil(math.log(_RISK) / math.log(agreement))
    if half < needed:
        raise PolicyError(
            f"half of {token_ids.shape[1]} tokens cannot show an agreement of {agreement}",
            hint=f"give at least {2 * needed} tokens of text",
        )
    seen: list[Tensor] = []
    handle = layers[first].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        whole = model(input_ids=token_ids, use_cache=False).logits[0].argmax(-1)
    finally:
        handle.remove()
    sure, early = _best(model, seen[0][0, :half])
    wrong = early != whole[:half]
    threshold = math.inf
    for candidate in _THRESHOLDS:
        if _at_most(int((wrong & (sure >= candidate)).sum()), half, 1 - agreement) > _RISK:
            break
        threshold = candidate
    text_hash = hashlib.sha256(token_ids.cpu().long().numpy().tobytes()).hexdigest()
    fitted = Exit(first, threshold, agreement, held_out=1.0, exits=0.0, text_hash=text_hash)
    same, exits = _try(model, fitted, token_ids, whole, half)
    return replace(fitted, held_out=same, exits=exits)


@contextmanager
def exiting(model: PreTrainedModel, cache: DropCache, how: Exit) -> Iterator[Exited]:
    """Inside, tokens that are generated with this cache leave early where `how` lets them. Prompts never do.

    The layers above still get keys and values of such a token, computed from where it left, so that later tokens find
    it everywhere; they save their attention and their feed-forward part.

    Raises:
        ModelUnsupported: Layers without `input_layernorm` and `self_attn`, or not all with full attention.
    """
    layers = decoder_layers(model)
    upper = layers[how.after :]
    if len(drop_layers(cache)) != len(layers) or not all(
        hasattr(layer, part) for layer in upper for part in ("input_layernorm", "self_attn")
    ):
        raise ModelUnsupported("leaving early needs Llama-like layers that all have full attention")
    exited = Exited()

    def decide(layer: Module, args: Any) -> None:
        hidden: Tensor = args[0]
        exited.leaves = False
        if hidden.shape[:2] == (1, 1):
            exited.leaves = float(_best(model, hidden[0])[0]) >= how.threshold
            exited.tokens += 1
            exited.early += exited.leaves

    def above(layer: Any) -> Any:
        run = layer.forward

        def forward(hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if not exited.leaves:
                through: Tensor = run(hidden_states, *args, **kwargs)
                return through
            with cache.store_only():
                layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **kwargs)
            return hidden_states

        return forward

    handle = upper[0].register_forward_pre_hook(decide)
    try:
        with replaced([(layer, above(layer)) for layer in upper]):
            yield exited
    finally:
        handle.remove()


def _best(model: PreTrainedModel, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """Of [tokens, width]: how likely the most likely next token is [tokens], and which it is [tokens]."""
    head: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    norm: Any = model.base_model.norm
    logits = head(norm(hidden)).float()
    best, token = logits.max(-1)
    return (best - logits.logsumexp(-1)).exp(), token


def _at_most(wrong: int, tokens: int, rate: float) -> float:
    """Probability of at most so many wrong tokens if each is wrong with probability `rate`."""
    return sum(math.comb(tokens, count) * rate**count * (1 - rate) ** (tokens - count) for count in range(wrong + 1))


def _try(model: PreTrainedModel, how: Exit, token_ids: Tensor, whole: Tensor, start: int) -> tuple[float, float]:
    """Agreement and share of exits over the tokens from `start` on, read one by one as when they are generated."""
    cache = DropCache(model, FULL)
    model(input_ids=token_ids[:, :start], cache=cache, logits_to_keep=1)
    same = 0
    with exiting(model, cache, how) as exited:
        for at in range(start, token_ids.shape[1]):
            logits = model(input_ids=token_ids[:, at : at + 1], cache=cache, logits_to_keep=1).logits
            same += int(logits[0, -1].argmax() == whole[at])
    return same / exited.tokens, exited.early / exited.tokens
