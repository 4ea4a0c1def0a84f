"""What a cache holds and what it cost: numbers that were measured, never configured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer.

    Attributes:
        layer: Its index in the model.
        logical_tokens: What the model believes the cache holds, padding included.
        physical_tokens: [batch][kv_heads], what is stored.
        live_bytes: Of the stored tokens; `allocated_bytes` has the room to grow too.
        scoring_s: Time spent scoring and compacting so far.
        mass: [batch][kv_heads], share of the latest queries' attention on what was kept at the last drop; empty without
            a guard.
        why: Per sequence, why the last chance to drop was not used; empty if it was.
    """

    layer: int
    logical_tokens: int
    physical_tokens: tuple[tuple[int, ...], ...]
    live_bytes: int
    allocated_bytes: int
    scoring_s: float
    mass: tuple[tuple[float, ...], ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole cache: its layers and their sums. Layers left alone (sliding windows) are counted in `other_bytes`."""

    layers: tuple[LayerReport, ...]
    other_bytes: int

    @property
    def logical_tokens(self) -> int:
        return max((layer.logical_tokens for layer in self.layers), default=0)

    @property
    def live_bytes(self) -> int:
        return sum(layer.live_bytes for layer in self.layers) + self.other_bytes

    @property
    def allocated_bytes(self) -> int:
        return sum(layer.allocated_bytes for layer in self.layers) + self.other_bytes

    @property
    def scoring_s(self) -> float:
        return sum(layer.scoring_s for layer in self.layers)

    @property
    def kept_tokens(self) -> float:
        """Stored tokens per layer and head, on average, of all sequences together."""
        rows = [sum(heads) / len(heads) for layer in self.layers for heads in layer.physical_tokens if heads]
        return sum(rows) / len(self.layers) if rows else 0.0

    @property
    def why(self) -> tuple[str, ...]:
        """Why nothing was dropped, each reason once; empty if every layer dropped something."""
        return tuple(dict.fromkeys(reason for layer in self.layers for reason in layer.why if reason))
