"""How far the next-token distributions move when the prefix was compressed: the most sensitive and cheapest measure."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div
from transformers import PreTrainedModel

from sparing.inmodel.cache import DropCache


@dataclass(frozen=True, slots=True)
class Divergence:
    """Over the tokens of a continuation.

    Attributes:
        loss, full_loss: Mean negative log likelihood in nats, with the compressed and with the full prefix.
        kl: Mean divergence of the compressed from the full distribution, in nats; 0 is no change.
    """

    loss: float
    full_loss: float
    kl: float


def divergence(ours: Tensor, full: Tensor, continuation: Tensor) -> Divergence:
    """Compare one sequence's `log_probs` with another's, for the same continuation [1, tokens]."""
    targets = continuation[0, 1:]
    return Divergence(
        loss=float(cross_entropy(ours, targets)),
        full_loss=float(cross_entropy(full, targets)),
        kl=float(kl_div(ours, full, log_target=True, reduction="batchmean")),
    )


@torch.no_grad()
def log_probs(model: PreTrainedModel, cache: DropCache, continuation: Tensor) -> Tensor:
    """[batch, tokens - 1, vocabulary]: of every token after the first. The cache is as before afterwards."""
    length = cache.get_seq_length()
    with cache.hold():
        logits: Tensor = model(input_ids=continuation, cache=cache).logits[:, :-1]
        cache.crop(length - cache.get_seq_length())
    return logits.float().log_softmax(-1)
