"""Which tokens of one layer of one sequence stay: scores, protected ends, shares per head, the guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor
from torch.nn.functional import max_pool1d

from sparing.errors import PolicyError
from sparing.inmodel.policy import Policy
from sparing.inmodel.view import LayerView

GUARD_WINDOW = 32
"""Latest queries whose attention the guard adds up."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the tokens of some rows are worth, before anything is chosen.

    Attributes:
        scores: [rows, most tokens], what is protected at +inf, the end of a shorter row at -inf.
        lengths: Tokens of each row.
        attention: Per row the latest queries' mean attention [tokens]; empty without a guard.
        layer: Of the (first of the) rows.
    """

    scores: Tensor
    lengths: tuple[int, ...]
    attention: tuple[Tensor, ...]
    layer: int

    def only(self, kept: Sequence[Tensor | None]) -> Judged:
        """What is left when each row keeps these of its tokens, None: all."""
        rows = [
            row[:length] if indices is None else row[indices]
            for row, length, indices in zip(self.scores, self.lengths, kept, strict=True)
        ]
        return replace(self, scores=_padded(rows), lengths=tuple(map(len, rows)))

    @classmethod
    def together(cls, parts: Sequence[Judged]) -> Judged:
        """The rows of several layers as those of one."""
        return cls(
            scores=_padded([row for part in parts for row in part.scores]),
            lengths=tuple(length for part in parts for length in part.lengths),
            attention=tuple(row for part in parts for row in part.attention),
            layer=parts[0].layer,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What stays.

    Attributes:
        kept: Per row, ascending indices into its tokens; None: everything stays.
        mass: Per row, the share of the latest queries' attention on what stays; empty if nobody asked.
    """

    kept: tuple[Tensor | None, ...]
    mass: tuple[float, ...] = ()

    def of(self, rows: slice) -> Choice:
        """The part of some rows."""
        return Choice(self.kept[rows], self.mass[rows])


def queries_needed(policy: Policy) -> int:
    """How many of the latest queries scoring and guarding want; -1: all of the forward."""
    window = policy.scorer.window
    return window if window < 0 or policy.min_mass is None else max(window, GUARD_WINDOW)


def judge(views: Sequence[LayerView], policy: Policy) -> Judged:
    """Score one layer.

    Args:
        views: One view of all heads, or, if heads hold different numbers of tokens, one view per head.
    Raises:
        PolicyError: A score is not a number, or scores have another shape than the keys.
    """
    guarded = policy.min_mass is not None
    return Judged(
        scores=_padded([row for view in views for row in _scores(view, policy)]),
        lengths=tuple(view.keys.shape[1] for view in views for _ in range(view.keys.shape[0])),
        attention=tuple(row for view in views for row in _latest_attention(view)) if guarded else (),
        layer=views[0].layer,
    )


def pick(judged: Judged, policy: Policy, tokens: int) -> Choice:
    """Pick about `tokens` tokens per row."""
    counts = policy.allocator.head_tokens(judged.scores, tokens, judged.layer)
    kept: list[Tensor | None] = []
    for row, count, length in zip(judged.scores, counts, judged.lengths, strict=True):
        count = max(count, min(policy.budget.floor, length))
        kept.append(None if count >= length else row[:length].topk(count).indices.sort().values)
    if policy.min_mass is None:
        return Choice(tuple(kept))
    mass = [float(row.sum() if k is None else row[k].sum()) for row, k in zip(judged.attention, kept, strict=True)]
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


def _latest_attention(view: LayerView) -> Tensor:
    """[kv_heads, tokens]."""
    return view.attention(slice(-GUARD_WINDOW, None)).mean((1, 2))


def _padded(rows: Sequence[Tensor]) -> Tensor:
    """[rows, most tokens], the short ones filled up with -inf."""
    full = rows[0].new_full((len(rows), max(map(len, rows))), float("-inf"))
    for place, row in zip(full, rows, strict=True):
        place[: len(row)] = row
    return full
