"""Tokens beside the text."""

from __future__ import annotations

import pytest

from sparing.tokens.overhead import audio_tokens, overhead_tokens


@pytest.mark.parametrize(
    ("wire", "num_messages", "num_tools", "tokens"),
    [
        ("openai.chat", 1, 0, 6),
        ("openai.chat", 4, 0, 15),
        ("openai.chat", 1, 2, 6 + 12 + 2 * 7),
        ("openai.responses", 1, 2, 6 + 12 + 2 * 7),
        ("gemini", 1, 0, 1),
        ("gemini", 2, 3, 2),
        ("anthropic.messages", 1, 0, 6),
        ("anthropic.messages", 1, 3, 6 + 346),
        ("unknown", 1, 0, 6),
    ],
)
def test_published_overheads(wire: str, num_messages: int, num_tools: int, tokens: int) -> None:
    """The numbers the providers publish per message, reply and tool."""
    assert overhead_tokens(wire, num_messages, num_tools) == tokens


@pytest.mark.parametrize(
    ("num_bytes", "audio_format", "tokens"), [(0, "wav", 0), (48_000, "wav", 10), (16_000, "mp3", 10), (300, "mp3", 1)]
)
def test_audio_costs_ten_tokens_a_second(num_bytes: int, audio_format: str, tokens: int) -> None:
    """Seconds follow from the size at the usual bit rate of the format; a part of a token is one."""
    assert audio_tokens(num_bytes * 4 // 3, audio_format) == tokens
