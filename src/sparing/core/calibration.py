"""What a scorer's worth has meant so far: how much was lost at each worth, on how many texts, from which data."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from hashlib import blake2b
from typing import Final

import msgspec


class Signs(msgspec.Struct, frozen=True):
    """What a text and its ladder look like to whoever asks whether anything like them was calibrated.

    Attributes:
        reach: Share of the text's tokens at which the worth passes one half: small where few units stand out.
        digits: Share of its characters.
        script: Of most of its letters: ``latin``, ``cyrillic``, ...; "" if it has none.
    """

    tokens: int
    reach: float
    digits: float
    script: str

    @property
    def half_tokens(self) -> float:
        """Tokens at which the worth passes one half: `reach` without the length of what stands around them."""
        return self.reach * self.tokens


class Spread(msgspec.Struct, frozen=True):
    """How one sign is spread over the texts that were calibrated.

    Attributes:
        least, most: Of all of them.
        counts: Texts in each bin; see `bin_of`.
    """

    least: float
    most: float
    counts: tuple[int, ...]


EDGES: Final[dict[str, tuple[float, ...]]] = {
    "reach": tuple(round(0.001 * 1.2**k, 6) for k in range(38)),
    "half_tokens": tuple(round(4 * 1.2**k, 2) for k in range(48)),
    "tokens": tuple(round(32 * 1.2**k) for k in range(48)),
    "digits": (0.0, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.16, 0.24, 0.32, 0.48),
}
"""Where the bins of each sign end. Fixed: bins that were fitted would not treat coming texts like calibrated ones."""


def bin_of(sign: str, value: float) -> int:
    """The bin of a sign that a value falls into; one more than the sign has edges."""
    return bisect_left(EDGES[sign], value)


class Likeness(msgspec.Struct, frozen=True):
    """The signs of what was calibrated.

    Attributes:
        scripts: Each of at least a hundredth of the texts.
    """

    scripts: tuple[str, ...]
    tokens: Spread
    reach: Spread
    half_tokens: Spread
    digits: Spread


class Curve(msgspec.Struct, frozen=True):
    """What one scorer lost of what was needed, on texts of one content type.

    Attributes:
        scorer: As a ladder's `reducer` says it: name, version, and the tier of the selector where there are several.
        n: How many independent texts would tell as much as those it was measured on.
        num_texts: How many these were.
        worth: Ascending levels. At level t the lowest rung worth more than t is sent.
        lost: Loss at each level, 0..1 per text, summed over n texts; where a higher level loses more, that counts.
        chance: Expected loss at each level, isotonic.
        all_or_nothing: Whether every single loss is 0 or 1.
    """

    scorer: str
    content: str
    n: int
    num_texts: int
    worth: tuple[float, ...]
    lost: tuple[float, ...]
    chance: tuple[float, ...]
    all_or_nothing: bool
    like: Likeness


class Sourced(msgspec.Struct, frozen=True):
    """Data that a calibration comes from.

    Attributes:
        sha256: Of the examples, in hex.
    """

    name: str
    sha256: str
    num_examples: int
    licence: str = ""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Curves by scorer and content type.

    Attributes:
        made: ISO date.
        problem: Why there are no curves; "" where there are.
    """

    made: str = ""
    sources: tuple[Sourced, ...] = ()
    curves: tuple[Curve, ...] = ()
    problem: str = ""

    def curve(self, scorer: str, content: str) -> Curve | None:
        """The curve for what this scorer gives texts of this type."""
        return self._by_key.get((scorer, content))

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], Curve]:
        return {(curve.scorer, curve.content): curve for curve in self.curves}

    @cached_property
    def digest(self) -> str:
        """Of everything in it, in hex: what is reduced by it depends on nothing else of it."""
        return blake2b(msgspec.json.encode(self), digest_size=16).hexdigest()
