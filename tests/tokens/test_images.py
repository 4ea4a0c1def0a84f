"""Tokens of images by size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.tokens.images import anthropic_image_tokens, gemini_image_tokens, openai_image_tokens


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [
        ((1024, 1024), "high", 765),  # the provider's examples
        ((2048, 4096), "high", 1105),
        ((4096, 8192), "low", 85),
        ((512, 512), "auto", 255),
        ((513, 512), "", 425),
        ((1, 1), "high", 255),
        ((1, 65_535), "high", 85 + 4 * 170),
        (None, "high", 765),
        (None, "low", 85),
    ],
)
def test_openai_counts_tiles(size: tuple[int, int] | None, detail: str, tokens: int) -> None:
    """85 tokens and 170 for each 512 px tile of the scaled image."""
    assert openai_image_tokens(size, detail) == tokens


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((200, 200), 54),  # the provider's examples
        ((1000, 1000), 1334),
        ((1092, 1092), 1590),
        ((3136, 784), 820),
        ((4000, 4000), 1600),
        ((1, 1), 1),
        (None, 1600),
    ],
)
def test_anthropic_counts_pixels(size: tuple[int, int] | None, tokens: int) -> None:
    """Pixels / 750 of the scaled image, at most 1,600."""
    assert anthropic_image_tokens(size) == tokens


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 2**32), st.integers(1, 2**32))
def test_no_size_is_too_odd(width: int, height: int) -> None:
    """Whatever a header claims, the count stays within what the provider charges at most, either way up."""
    assert 255 <= openai_image_tokens((width, height)) <= 85 + 8 * 170
    assert 1 <= anthropic_image_tokens((width, height)) <= 1_600
    assert openai_image_tokens((width, height)) == openai_image_tokens((height, width))


@pytest.mark.parametrize(
    ("size", "tokens"),
    [(None, 258), ((1, 1), 258), ((384, 384), 258), ((385, 10), 258), ((768, 769), 516), ((1980, 1380), 6 * 258)],
)
def test_gemini_images(size: tuple[int, int] | None, tokens: int) -> None:
    """A small image is one tile; of a large one each tile of 768 px counts."""
    assert gemini_image_tokens(size) == tokens
