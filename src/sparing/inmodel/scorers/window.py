"""Sinks and the latest tokens. The baseline; the budget's floor in every other method."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from sparing.inmodel.view import LayerView


@dataclass(frozen=True, slots=True)
class Window:
    """The later, the better.

    Source: StreamingLLM, arXiv 2309.17453. Departs from it by leaving keys at their true positions.
    """

    name: str = "window"
    window: int = 0

    def score(self, view: LayerView) -> Tensor:
        """[kv_heads, tokens]: the position."""
        return view.positions.float()
