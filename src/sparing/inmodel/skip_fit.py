"""Which layers a draft can do without, found on the user's own text."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sparing.errors import PolicyError
from sparing.inmodel.skip import Skip, decoder_layers, skipping

_MIN_TOKENS = 32
_TRIES = 4  # candidates for each next layer, best first by what skipping them alone costs


@torch.no_grad()
def fit_skip(model: PreTrainedModel, token_ids: Tensor, *, draft_tokens: int = 4, passes: int = 96) -> Skip:
    """Add one layer after the other to those that are skipped, each time the one that leaves the draft most like the
    model; of all these sets, take the one that promises most tokens for the weights read.

    Args:
        token_ids: [1, tokens], text of the kind that will be told; a few hundred tokens do.
        passes: Most forwards over that text.
    Raises:
        PolicyError: Fewer than 32 tokens, or no layer between the first and the last.

    Source: SWIFT, arXiv 2410.06916, section 4. Departs from it: greedy instead of random and Bayesian search, whole
    layers, once before instead of during decoding, agreement on given text instead of generated.
    """
    layers = decoder_layers(model)
    if token_ids.shape[1] < _MIN_TOKENS or len(layers) < 3:
        raise PolicyError(
            f"{token_ids.shape[1]} tokens and {len(layers)} layers are too few to choose from",
            hint=f"give at least {_MIN_TOKENS} tokens of text",
        )

    def told(skipped: tuple[int, ...]) -> Tensor:
        with skipping(layers, skipped):
            best: Tensor = model(input_ids=token_ids, use_cache=False).logits[0].argmax(-1)
        return best

    whole = told(())

    def agreement(skipped: tuple[int, ...]) -> float:
        return float((told(skipped) == whole).float().mean())

    middle = range(1, len(layers) - 1)
    alone = {index: agreement((index,)) for index in middle[: passes - 1]}
    left = sorted(alone, key=lambda index: -alone[index])
    spent = 1 + len(alone)
    weights = _weight_shares(model)
    chosen: tuple[int, ...] = (left.pop(0),)
    found = {chosen: alone[chosen[0]]}
    while left and spent + _TRIES <= passes:
        tried = {index: agreement((*chosen, index)) for index in left[:_TRIES]}
        spent += len(tried)
        best = max(tried, key=lambda index: tried[index])
        left.remove(best)
        chosen = (*chosen, best)
        found[chosen] = tried[best]

    def promise(skipped: tuple[int, ...]) -> float:
        return promised_gain(found[skipped], 1 - sum(weights[index] for index in skipped), draft_tokens)

    chosen = max(found, key=promise)
    return Skip(layers=tuple(sorted(chosen)), draft_tokens=draft_tokens, agreement=found[chosen])


def promised_gain(agreement: float, draft_cost: float, draft_tokens: int) -> float:
    """Tokens told for each reading of all weights, at the best draft length up to `draft_tokens`, if every drafted
    token is right with probability `agreement`, a draft step costs `draft_cost` of a whole one, and a check costs as
    much as a whole one, as where reading weights is what takes the time."""
    return max(
        sum(agreement**power for power in range(length + 1)) / (length * draft_cost + 1)
        for length in range(1, draft_tokens + 1)
    )


def _weight_shares(model: PreTrainedModel) -> list[float]:
    """Of each layer, in what one decoded token reads: layers and output, the input embedding is looked up in."""
    sizes = [sum(weight.numel() for weight in layer.parameters()) for layer in decoder_layers(model)]
    head: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    total = sum(sizes) + (head.weight.numel() if head is not None else 0)
    return [size / total for size in sizes]
