"""What a request may ask its cache to be kept by."""

from __future__ import annotations

from sparing import registry

OFF = "off"
READ_TWICE = "kvzip"  # the prompt is read once more, which no scorer can do by itself


def score_names() -> tuple[str, ...]:
    """The registered scores, and those that only the engine can make."""
    return (OFF, *registry.names("scorers"), READ_TWICE)
