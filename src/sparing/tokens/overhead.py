"""What a request costs beside its text: the tokens that wrap messages, tools, audio and files.

Providers publish few of these numbers and change them; each says where it is from. They are estimates.
"""

from __future__ import annotations

from dataclasses import dataclass

# Of an OpenAI `file` or Anthropic PDF whose pages cannot be seen from here: one page, in the middle of the
# "1,500-3,000 tokens per page" that Anthropic's PDF support page gives.
FILE_TOKENS = 2_250

_AUDIO_TOKENS_PER_S = 10  # one per 100 ms of user audio: OpenAI, "Managing Realtime costs"
GEMINI_AUDIO_TOKENS_PER_S = 32  # Gemini API, "Understand and count tokens"
# Bytes a second where the file does not say: 24 kHz 16-bit mono, the sample rate of OpenAI's audio models, and
# 128 kbit/s, the commonest MP3.
_AUDIO_BYTES_PER_S = {"wav": 48_000, "pcm16": 48_000}
_COMPRESSED_BYTES_PER_S = 16_000


@dataclass(frozen=True, slots=True)
class Overhead:
    """Tokens of the wrapping.

    Attributes:
        reply: Once per request: the answer is primed with its role.
        message: Per message: its role and separators.
        tools: Once, if there are any tools.
        tool: Per tool, beside its schema.
    """

    reply: int
    message: int
    tools: int
    tool: int


# OpenAI: "How to count tokens with tiktoken", OpenAI Cookbook, sections 6 (3 per message, 3 to prime the reply) and 7
# (for gpt-4o: 7 to start each function, 12 after the last). There the schema is counted in OpenAI's own shorter
# notation; we count its JSON, so tools are over-estimated.
# Anthropic: 3 and 3 give the 14 of the "Token counting" page's first example; 346 is the system prompt that tool use
# adds for Claude 4 with tool choice auto ("Tool use", section Pricing). Nothing is published per tool.
# Gemini: 1 per message is the difference between the two counts of the first example of "Counting tokens", 10 of the
# text and 11 of the prompt. Nothing is published about tools.
_OVERHEADS = {
    "openai.chat": Overhead(reply=3, message=3, tools=12, tool=7),
    "openai.responses": Overhead(reply=3, message=3, tools=12, tool=7),
    "anthropic.messages": Overhead(reply=3, message=3, tools=346, tool=0),
    "gemini": Overhead(reply=0, message=1, tools=0, tool=0),
}


def overhead_tokens(wire: str, num_messages: int, num_tools: int = 0) -> int:
    """Tokens of a request beside those of its spans.

    Args:
        wire: Name of the wire format; an unknown one is taken for ``openai.chat``.
    """
    per = _OVERHEADS.get(wire, _OVERHEADS["openai.chat"])
    return per.reply + per.message * num_messages + (per.tools + per.tool * num_tools if num_tools else 0)


def audio_tokens(num_base64_chars: int, audio_format: str, tokens_per_s: int = _AUDIO_TOKENS_PER_S) -> int:
    """Tokens of a clip in a user message, its seconds guessed from its size at the usual bit rate of the format.

    Args:
        num_base64_chars: Length of the encoded clip.
        audio_format: ``wav``, ``mp3``, ...
        tokens_per_s: By default as OpenAI counts.
    """
    bytes_per_s = _AUDIO_BYTES_PER_S.get(audio_format, _COMPRESSED_BYTES_PER_S)
    return -(-num_base64_chars * 3 * tokens_per_s // (4 * bytes_per_s))
