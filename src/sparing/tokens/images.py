"""Tokens of an image by its size in pixels, as the providers publish them."""

from __future__ import annotations

from math import ceil

Size = tuple[int, int]

# Where the size is not known (a remote URL, an uploaded file): OpenAI's own example, 1024 x 1024 at high detail, and
# the most that Claude charges for an image before it is scaled down.
OPENAI_DEFAULT_TOKENS = 765
ANTHROPIC_DEFAULT_TOKENS = 1_600

GEMINI_TILE_TOKENS = 258  # of a small image, of each tile of a large one, and of a page of a PDF

_LOW_DETAIL_TOKENS = 85
_TILE_TOKENS = 170
_TILE_PX = 512
_SQUARE_PX = 2_048
_SHORT_SIDE_PX = 768

_PX_PER_TOKEN = 750
_LONG_EDGE_PX = 1_568
_MAX_TOKENS = 1_600

_SMALL_PX = 384
_GEMINI_TILE_PX = 768


def openai_image_tokens(size: Size | None, detail: str = "auto") -> int:
    """Tokens of an image in an OpenAI request.

    High detail: scale down to fit 2048 x 2048, then to a shortest side of 768 px; 85 plus 170 for each tile of 512 px.
    Small images are not scaled up. ``auto`` counts as high. Models that count 32 px patches (the ``-mini`` and
    ``-nano`` ones) differ.

    Args:
        size: Width and height in pixels; None if unknown.
        detail: ``low``, ``high`` or ``auto``.
    Source: OpenAI, "Images and vision", section Calculating costs (GPT-4o, GPT-4.1).
    """
    if detail == "low":
        return _LOW_DETAIL_TOKENS
    if size is None:
        return OPENAI_DEFAULT_TOKENS
    fit = min(1.0, _SQUARE_PX / max(size))
    fit *= min(1.0, _SHORT_SIDE_PX / (min(size) * fit))
    wide, high = (max(1, ceil(round(side * fit) / _TILE_PX)) for side in size)
    return _LOW_DETAIL_TOKENS + _TILE_TOKENS * wide * high


def anthropic_image_tokens(size: Size | None) -> int:
    """Tokens of an image in an Anthropic request: pixels / 750, once its long edge is within 1568 px and the whole
    within 1,600 tokens (larger images are scaled down first).

    Models with a higher limit (Claude Opus 4.7: 2576 px) charge more for large images.

    Args:
        size: Width and height in pixels; None if unknown.
    Source: Anthropic, "Vision", sections Evaluate image size and Calculate image costs.
    """
    if size is None:
        return ANTHROPIC_DEFAULT_TOKENS
    fit = min(1.0, _LONG_EDGE_PX / max(size))
    width, height = (side * fit for side in size)
    return max(1, min(_MAX_TOKENS, ceil(width * height / _PX_PER_TOKEN)))


def gemini_image_tokens(size: Size | None) -> int:
    """Tokens of an image in a Gemini request: 258 if neither side is above 384 px, else 258 for each tile of 768 px.

    Gemini 3 counts by `mediaResolution` instead, up to 1,120 an image.

    Args:
        size: Width and height in pixels; None if unknown, which counts as one tile.
    Source: Gemini API, "Understand and count tokens", section Multimodal tokens.
    """
    if size is None or max(size) <= _SMALL_PX:
        return GEMINI_TILE_TOKENS
    wide, high = (ceil(side / _GEMINI_TILE_PX) for side in size)
    return GEMINI_TILE_TOKENS * wide * high
