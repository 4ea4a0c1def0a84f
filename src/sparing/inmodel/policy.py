"""What one sequence's cache keeps: a score, a budget, and how the budget is shared out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sparing import registry
from sparing.errors import PolicyError
from sparing.inmodel.allocate import Allocator
from sparing.inmodel.budget import Budget
from sparing.inmodel.view import Scorer


@dataclass(frozen=True, slots=True)
class Policy:
    """One per sequence, so that a batch may mix them. The defaults are what kept most answers on a small model.

    Attributes:
        score: Name of a registered scorer, or a scorer.
        budget: How much to keep.
        allocate: Name of a registered allocator, or an allocator: how layers and heads share the budget. None: what
            suits the score, "global" if its numbers say the same in every layer, else "ada".
        span_tokens: Scores are the highest of this many neighbours (odd): what stands beside a token that matters stays
            too, for scores that look at tokens alone: a number is destroyed by losing one digit. 1: every token for
            itself.
        merge: Add what dropped tokens carried to the most similar kept ones.
        min_mass: A row (one layer's one head) whose kept tokens hold less than this share of the attention of the
            latest queries keeps everything. None: no such guard.
        min_tokens: Sequences up to this length keep everything: there is nothing to win.
        decode_every_tokens: Drop again after this many generated tokens; 0: the answer stays whole.

    Raises:
        PolicyError: A value out of its range.
    """

    score: str | Scorer = "echo"
    budget: Budget = field(default_factory=lambda: Budget(fraction=0.5))
    allocate: str | Allocator | None = None
    span_tokens: int = 1
    merge: bool = False
    min_mass: float | None = None
    min_tokens: int = 1024
    decode_every_tokens: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.budget, Budget):
            raise PolicyError(f"{self.budget!r} is no budget", hint='give im.Budget.parse("50%")')
        if self.span_tokens < 1 or self.span_tokens % 2 == 0:
            raise PolicyError(f"span_tokens={self.span_tokens} is not an odd number of tokens")
        if self.min_mass is not None and not 0 <= self.min_mass <= 1:
            raise PolicyError(f"min_mass={self.min_mass} is not a share between 0 and 1")
        if self.min_tokens < 0 or self.decode_every_tokens < 0:
            raise PolicyError("min_tokens and decode_every_tokens are not below 0")

    @property
    def scorer(self) -> Scorer:
        """The scorer itself. Raises SettingsError for an unknown name."""
        scorer: Scorer = registry.load("scorers", self.score) if isinstance(self.score, str) else self.score
        return scorer

    @property
    def allocator(self) -> Allocator:
        """The allocator itself. Raises SettingsError for an unknown name."""
        if self.allocate is not None and not isinstance(self.allocate, str):
            return self.allocate
        suited = "global" if getattr(self.scorer, "across", False) else "ada"
        allocator: Allocator = registry.load("allocators", self.allocate or suited)
        return allocator

    def to_json(self) -> dict[str, Any]:
        """As plain values; a scorer or allocator given as an object is written by its name."""
        plain = {**asdict(self), "score": self.score, "allocate": self.allocate}
        for key in ("score", "allocate"):
            if plain[key] is not None and not isinstance(plain[key], str):
                plain[key] = plain[key].name
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Policy:
        """The inverse of `to_json` for registered scorers and allocators."""
        return cls(**{**plain, "budget": Budget(**plain["budget"])})


FULL = Policy(budget=Budget(fraction=1.0))
"""Keeps everything: the growable cache alone."""
