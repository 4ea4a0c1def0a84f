"""How a budget is shared out among layers and heads. Orthogonal to scores: an allocator only counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from sparing.errors import PolicyError


class Allocator(Protocol):
    """Says how many tokens each layer, and in it each head, keeps.

    Attributes:
        across: The heads of all layers share one budget: `head_tokens` is asked for all of them together.
    """

    @property
    def name(self) -> str: ...

    @property
    def across(self) -> bool: ...

    def layer_tokens(self, tokens: int, layer: int, layers: int) -> int:
        """Tokens per head of one layer. The mean over all layers is `tokens`."""
        ...

    def head_tokens(self, scores: Tensor, tokens: int, layer: int) -> Sequence[int]:
        """Tokens of each head; the mean over the heads is `tokens`, none gets more than there are.

        Args:
            scores: [kv_heads, tokens]; what is protected scores +inf.
        """
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """The same everywhere."""

    name: str = "uniform"
    across: ClassVar[bool] = False

    def layer_tokens(self, tokens: int, layer: int, layers: int) -> int:
        return tokens

    def head_tokens(self, scores: Tensor, tokens: int, layer: int) -> Sequence[int]:
        return [min(tokens, scores.shape[1])] * scores.shape[0]


@dataclass(frozen=True, slots=True)
class Pyramid(Uniform):
    """More for early layers, less for late ones, falling linearly from `steepness` to 2 - `steepness` times the mean.

    Source: PyramidKV, arXiv 2406.02069, section 4.1. Departs from it by a fixed slope: what an early layer cannot use,
    because the sequence is shorter, is not handed on.
    """

    name: str = "pyramid"
    steepness: float = 1.5

    def layer_tokens(self, tokens: int, layer: int, layers: int) -> int:
        if layers == 1:
            return tokens
        return round(tokens * (self.steepness - 2 * (self.steepness - 1) * layer / (layers - 1)))


@dataclass(frozen=True, slots=True)
class Ada(Uniform):
    """The best tokens of all heads of a layer together; each head is sure of `safe` of its even share.

    Source: Ada-KV, arXiv 2407.11550, algorithm 1. The rows really get lengths of their own.
    """

    name: str = "ada"
    safe: float = 0.2

    def head_tokens(self, scores: Tensor, tokens: int, layer: int) -> Sequence[int]:
        heads, have = scores.shape
        tokens = min(tokens, have)
        sure = scores.topk(max(1, int(self.safe * tokens)), dim=-1).indices
        chosen = scores.scatter(-1, sure, float("inf")).flatten().topk(tokens * heads).indices
        counts: list[int] = torch.bincount(chosen // have, minlength=heads).tolist()
        return counts


@dataclass(frozen=True, slots=True)
class Global(Uniform):
    """The best tokens of all heads of all layers together. For scores that say the same in every layer, such as shares
    of attention.

    Source: KVzip, arXiv 2505.23416, section 3.3 (its non-uniform budgets).
    """

    name: str = "global"
    across: ClassVar[bool] = True

    def head_tokens(self, scores: Tensor, tokens: int, layer: int) -> Sequence[int]:
        heads, have = scores.shape
        best = scores.flatten().topk(min(tokens, have) * heads).indices
        counts: list[int] = torch.bincount(best // have, minlength=heads).tolist()
        return counts


@dataclass(frozen=True, slots=True)
class HeadProfile(Uniform):
    """Fixed shares per layer and head, as measured once by `kvzip.head_profile`: heads that retrieve get more.

    Attributes:
        shares: [layers][kv_heads], mean 1.
    """

    shares: tuple[tuple[float, ...], ...] = ()
    name: str = "profile"

    @classmethod
    def load(cls, path: Path) -> HeadProfile:
        """Read a JSON list of lists. Raises PolicyError if it is none."""
        try:
            rows = json.loads(path.read_text())
            return cls(shares=tuple(tuple(float(share) for share in row) for row in rows))
        except (OSError, ValueError, TypeError) as error:
            raise PolicyError(f"{path} is no head profile: {error}") from error

    def layer_tokens(self, tokens: int, layer: int, layers: int) -> int:
        if len(self.shares) != layers:
            raise PolicyError(f"the head profile has {len(self.shares)} layers, the model {layers}")
        row = self.shares[layer]
        return round(tokens * sum(row) / len(row))

    def head_tokens(self, scores: Tensor, tokens: int, layer: int) -> Sequence[int]:
        row = self.shares[layer]
        if len(row) != scores.shape[0]:
            raise PolicyError(f"the head profile has {len(row)} heads, the model {scores.shape[0]}")
        return [min(round(tokens * share * len(row) / sum(row)), scores.shape[1]) for share in row]
