"""Which tokens of one layer of one sequence stay: scores, protected ends, shares per head, the guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import max_pool1d

from sparing.errors import PolicyError
from sparing.inmodel.policy import Policy
from sparing.inmodel.view import LayerView

GUARD_WINDOW = 32
"""Latest queries whose attention the guard adds up."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What stays.

    Attributes:
        kept: Per head, ascending indices into its tokens; None: everything stays.
        mass: Per head, the share of the latest queries' attention on what stays; empty if nobody asked.
    """

    kept: tuple[Tensor | None, ...]
    mass: tuple[float, ...] = ()


def queries_needed(policy: Policy) -> int:
    """How many of the latest queries scoring and guarding want; -1: all of the forward."""
    window = policy.scorer.window
    return window if window < 0 or policy.min_mass is None else max(window, GUARD_WINDOW)


def choose(views: Sequence[LayerView], policy: Policy, tokens: int) -> Choice:
    """Pick about `tokens` tokens per head.

    Args:
        views: One view of all heads, or, if heads hold different numbers of tokens, one view per head.
    Raises:
        PolicyError: A score is not a number, or scores have another shape than the keys.
    """
    scores = _together([_scores(view, policy) for view in views])
    counts = policy.allocator.head_tokens(scores, tokens, views[0].layer)
    lengths = [view.keys.shape[1] for view in views for _ in range(view.keys.shape[0])]
    kept: list[Tensor | None] = []
    for row, count, length in zip(scores, counts, lengths, strict=True):
        count = max(count, min(policy.budget.floor, length))
        kept.append(None if count >= length else row[:length].topk(count).indices.sort().values)
    if policy.min_mass is None:
        return Choice(tuple(kept))
    mass = _masses(views, kept)
    return Choice(tuple(None if m < policy.min_mass else k for m, k in zip(mass, kept, strict=True)), tuple(mass))


def _scores(view: LayerView, policy: Policy) -> Tensor:
    """[kv_heads, tokens], spans pooled, what is protected at +inf."""
    window = policy.scorer.window
    shown = view if window < 0 else view.last_queries(window)
    scores = policy.scorer.score(shown)
    if scores.shape != view.positions.shape:
        raise PolicyError(f"scorer {policy.scorer.name} gave {tuple(scores.shape)} for {tuple(view.positions.shape)}")
    if bool(scores.isnan().any()):
        raise PolicyError(
            f"scorer {policy.scorer.name} gave NaN in layer {view.layer}",
            hint="the model's activations overflow in this precision: load it in bfloat16 or float32",
        )
    if policy.span_tokens > 1:
        scores = max_pool1d(scores, policy.span_tokens, stride=1, padding=policy.span_tokens // 2)
    budget = policy.budget
    last = view.positions[:, -1:]
    protected = (view.positions < budget.sinks) | (view.positions > last - budget.recent)
    return scores.masked_fill(protected, float("inf"))


def _masses(views: Sequence[LayerView], kept: Sequence[Tensor | None]) -> list[float]:
    masses: list[float] = []
    for view in views:
        attention = view.attention(slice(-GUARD_WINDOW, None)).mean((1, 2))  # [kv_heads, tokens]
        for head in attention:
            indices = kept[len(masses)]
            masses.append(float(head.sum() if indices is None else head[indices].sum()))
    return masses


def _together(scores: Sequence[Tensor]) -> Tensor:
    """Scores of all heads as one [kv_heads, most tokens], the short ones filled up with -inf."""
    most = max(part.shape[1] for part in scores)
    full = scores[0].new_full((sum(part.shape[0] for part in scores), most), float("-inf"))
    row = 0
    for part in scores:
        full[row : row + part.shape[0], : part.shape[1]] = part
        row += part.shape[0]
    return full
