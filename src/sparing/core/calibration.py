"""What a scorer's worth has meant so far: how much was lost at each worth, on how many texts, from which data."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b

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


class Likeness(msgspec.Struct, frozen=True):
    """The signs of what was calibrated.

    Attributes:
        tokens: Fewest and most.
        most_digits: Highest share of digits.
        scripts: Each of at least a hundredth of the texts.
        reach: Ascending quantiles 0, 0.1, ... 1.
    """

    tokens: tuple[int, int]
    most_digits: float
    scripts: tuple[str, ...]
    reach: tuple[float, ...]


class Curve(msgspec.Struct, frozen=True):
    """What one scorer lost of what was needed, on texts of one content type.

    Attributes:
        scorer: As a ladder's `reducer` says it: name, version, and the tier of the selector where there are several.
        n: Texts it was measured on.
        worth: Ascending levels. At level t the lowest rung worth more than t is sent.
        lost: Loss at each level, 0..1 per text, summed over the texts; where a higher level loses more, that counts.
        chance: Expected loss at each level, isotonic.
        all_or_nothing: Whether every single loss is 0 or 1.
    """

    scorer: str
    content: str
    n: int
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
