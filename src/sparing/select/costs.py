"""Which tier there is time for: by constants, so that every machine and every replica chooses alike."""

from __future__ import annotations

from typing import Final

_CHARS_PER_PIECE: Final = 4.0

# CPU time on one core of a server of 2023; a slower machine takes longer and chooses the same.
STATIC_MS_PER_MILLION_CHARS: Final = 300.0
ENCODER_MS_PER_PIECE: Final = 0.125
SHARE: Final = 0.25  # of the policy's deadline; the rest is for everything else, and for slower machines


def allowed_ms(deadline_ms: float, share: float) -> float:
    """What may be spent on one text that has this share of the tokens of what is reduced together."""
    return SHARE * deadline_ms * share


def static_ms(num_chars: int) -> float:
    """Of judging a text by static embeddings."""
    return num_chars / 1e6 * STATIC_MS_PER_MILLION_CHARS


def reading_ms(num_chars: int) -> float:
    """Of letting the encoder read all of a text."""
    return num_chars / _CHARS_PER_PIECE * ENCODER_MS_PER_PIECE


def most_pieces(left_ms: float) -> int:
    """How many pieces, questions included, the encoder may read."""
    return max(0, int(left_ms / ENCODER_MS_PER_PIECE))


WHATEVER_MS: Final = 60_000.0  # a policy that names the encoder wants it, but not for hours
