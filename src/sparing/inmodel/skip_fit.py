"""Which layers a draft can do without, found on the user's own text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sparing.errors import PolicyError
from sparing.inmodel.skip import Skip, decoder_layers, skipping

_MIN_TOKENS = 32
_TRIES = 4  # candidates for each next layer, best first by what skipping them alone costs


@torch.no_grad()
def fit_skip(
    model: PreTrainedModel, token_ids: Tensor, *, draft_tokens: int = 4, confidence: float = 0.6, passes: int = 96
) -> Skip:
    """Add one layer after the other to those that are skipped, each time the one that leaves the draft most like the
    model; of all these sets, take the one that promises most tokens for the weights read.

    Args:
        token_ids: [1, tokens], text of the kind that will be told, best of all the model's own answers; 200 tokens do.
        draft_tokens, confidence: As in `Skip`.
        passes: Most forwards over that text.
    Raises:
        PolicyError: Fewer than 32 tokens, fewer than 2 passes, or no layer between the first and the last.

    Source: SWIFT, arXiv 2410.06916, section 4. Departs from it: greedy instead of random and Bayesian search, whole
    layers, once before instead of during decoding, and the objective counts rounds as they are drafted.
    """
    layers = decoder_layers(model)
    if token_ids.shape[1] < _MIN_TOKENS or len(layers) < 3 or passes < 2:
        raise PolicyError(
            f"{token_ids.shape[1]} tokens, {len(layers)} layers and {passes} passes are too few to choose from",
            hint=f"give at least {_MIN_TOKENS} tokens of text, and passes for each layer once",
        )

    def told(skipped: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        with skipping(layers, skipped):
            logits = model(input_ids=token_ids, use_cache=False).logits[0].float()
        best, token = logits.max(-1)
        return token, (best - logits.logsumexp(-1)).exp() >= confidence

    whole, _ = told(())
    found: dict[tuple[int, ...], tuple[float, float]] = {}  # agreement, promise
    weights = _weight_shares(model)

    def agreement(skipped: tuple[int, ...]) -> float:
        token, sure = told(skipped)
        right = token == whole
        cost = 1 - sum(weights[index] for index in skipped)
        found[skipped] = float(right.float().mean()), promised_gain(right.tolist(), sure.tolist(), cost, draft_tokens)
        return found[skipped][0]

    middle = range(1, len(layers) - 1)
    alone = {index: agreement((index,)) for index in middle[: passes - 1]}
    left = sorted(alone, key=lambda index: -alone[index])
    chosen: tuple[int, ...] = (left.pop(0),)
    while left and 1 + len(found) + _TRIES <= passes:
        best = max(left[:_TRIES], key=lambda index: agreement((*chosen, index)))
        left.remove(best)
        chosen = (*chosen, best)
    chosen = max(found, key=lambda skipped: found[skipped][1])
    agrees, promise = found[chosen]
    return Skip(tuple(sorted(chosen)), draft_tokens, confidence, agreement=agrees, promise=promise)


def promised_gain(right: Sequence[bool], sure: Sequence[bool], draft_cost: float, draft_tokens: int) -> float:
    """Tokens told for each reading of all weights, if the text were told in rounds of draft and check.

    A check counts as much as a plain step, as where reading weights is what takes the time; a drafted token counts
    `draft_cost` of that.

    Args:
        right, sure: Of each token, whether the draft tells it as the whole model does, and whether it goes on after it.
    """
    told, cost = 0, 0.0
    while told < len(right):
        drafted = accepted = 0
        while drafted < draft_tokens and told + drafted < len(right):
            accepted += right[told + drafted] and accepted == drafted
            drafted += 1
            if not sure[told + drafted - 1]:
                break
        told += accepted + 1
        cost += drafted * draft_cost + 1
    return len(right) / cost


def _weight_shares(model: PreTrainedModel) -> list[float]:
    """Of each layer, in what one decoded token reads: layers and output, the input embedding is looked up in."""
    sizes = [sum(weight.numel() for weight in layer.parameters()) for layer in decoder_layers(model)]
    head: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    total = sum(sizes) + (head.weight.numel() if head is not None else 0)
    return [size / total for size in sizes]
