"""The next token."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one request picks tokens. temperature 0 takes the likeliest; seed None is another answer every time."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None


class Sampler:
    """Picks the tokens of one answer, with a random state of its own: neighbours in a batch change nothing."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = torch.Generator()
        if sampling.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(sampling.seed)

    def pick(self, logits: Tensor) -> int:
        """One token of logits [vocabulary]. top_p: from the fewest likeliest that hold so much (arXiv 1904.09751)."""
        sampling = self._sampling
        if sampling.temperature == 0:
            return int(logits.argmax())
        shares = (logits.float().cpu() / sampling.temperature).softmax(-1)
        if sampling.top_p < 1:
            ordered, ids = shares.sort(descending=True)
            ordered[ordered.cumsum(-1) - ordered >= sampling.top_p] = 0.0
            return int(ids[ordered.multinomial(1, generator=self._random)])
        return int(shares.multinomial(1, generator=self._random))
