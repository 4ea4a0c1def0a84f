"""Who can be asked, one row each: addresses, wire formats, keys, and the fields that carry their particular knobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

# The three ways of asking that have an address of their own in the settings, and the wire formats of each.
SHAPES: Final = MappingProxyType(
    {
        "openai": ("openai.chat", "openai.responses"),
        "anthropic": ("anthropic.messages",),
        "gemini": ("gemini",),
    }
)
_KEY_HEADERS = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    Attributes:
        name: As settings write it: ``deepseek``.
        wires: Wire formats that it speaks.
        url: Base URL, without ``/v1``.
        other_urls: Base URL by wire format, where it differs.
        key_variables: Environment variables that its own clients read the key from, the first that is set counts.
        key_header: How it wants the key whatever the wire format; "" where each format's own way will do.
        tokenizer: Model name whose vocabulary stands for its models (see `tokens.models`); "" where it serves many.
        prices: Its name in the price table; "" where there is none.
        reasoning: Request fields that say how much to think.
        cache: Request fields that steer its prompt cache; none where prefixes are cached unasked.
        note: What a user has to know.
    """

    name: str
    wires: tuple[str, ...]
    url: str
    key_variables: tuple[str, ...] = ()
    other_urls: dict[str, str] = field(default_factory=dict)
    key_header: str = ""
    tokenizer: str = ""
    prices: str = ""
    reasoning: tuple[str, ...] = ()
    cache: tuple[str, ...] = ()
    note: str = ""

    def url_for(self, shape: str) -> str:
        """Base URL for a key of `SHAPES`; "" if it speaks none of its wire formats."""
        spoken = [wire for wire in SHAPES[shape] if wire in self.wires]
        return self.other_urls.get(spoken[0], self.url) if spoken else ""

    def header_for(self, shape: str) -> str:
        """The header that carries the key."""
        return self.key_header or _KEY_HEADERS[shape]


_CHAT, _RESPONSES, _MESSAGES, _GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"
_LOCAL = (_CHAT, _RESPONSES, _MESSAGES)

PROVIDERS: Final = (
    Provider(
        "openai",
        (_CHAT, _RESPONSES),
        "https://api.openai.com",
        ("OPENAI_API_KEY",),
        tokenizer="gpt-4o",
        prices="openai",
        reasoning=("reasoning_effort", "reasoning.effort"),
        cache=("prompt_cache_key", "prompt_cache_breakpoint"),
    ),
    Provider(
        "anthropic",
        (_MESSAGES,),
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY",),
        tokenizer="claude",
        prices="anthropic",
        reasoning=("thinking", "output_config.effort"),
        cache=("cache_control",),
    ),
    Provider(
        "gemini",
        (_GEMINI,),
        "https://generativelanguage.googleapis.com",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        tokenizer="gemini",
        prices="google",
        reasoning=("generationConfig.thinkingConfig",),
        cache=("cachedContent",),
    ),
    Provider(
        "mistral",
        (_CHAT,),
        "https://api.mistral.ai",
        ("MISTRAL_API_KEY",),
        tokenizer="mistral",
        prices="mistral",
        reasoning=("reasoning_effort", "prompt_mode"),
        cache=("prompt_cache_key",),
    ),
    Provider(
        "deepseek",
        (_CHAT, _MESSAGES),
        "https://api.deepseek.com",
        ("DEEPSEEK_API_KEY",),
        other_urls={_MESSAGES: "https://api.deepseek.com/anthropic"},
        tokenizer="deepseek",
        prices="deepseek",
        reasoning=("thinking", "reasoning_effort"),
    ),
    Provider(
        "openrouter",
        (_CHAT, _RESPONSES, _MESSAGES),
        "https://openrouter.ai/api",
        ("OPENROUTER_API_KEY",),
        key_header="authorization",
        prices="openrouter",
        reasoning=("reasoning",),
        cache=("cache_control",),
        note="its Responses endpoint is a beta",
    ),
    Provider(
        "vllm",
        _LOCAL,
        "http://127.0.0.1:8000",
        ("VLLM_API_KEY",),
        key_header="authorization",
        prices="vllm",
        reasoning=("reasoning_effort", "chat_template_kwargs"),
        cache=("cache_salt",),
    ),
    Provider(
        "sglang",
        _LOCAL,
        "http://127.0.0.1:30000",
        key_header="authorization",
        prices="sglang",
        reasoning=("reasoning_effort", "chat_template_kwargs"),
    ),
    Provider(
        "llama.cpp",
        _LOCAL,
        "http://127.0.0.1:8080",
        ("LLAMA_API_KEY",),
        key_header="authorization",
        prices="llama.cpp",
        reasoning=("chat_template_kwargs",),
        cache=("cache_prompt",),
    ),
    Provider(
        "ollama",
        _LOCAL,
        "http://127.0.0.1:11434",
        ("OLLAMA_API_KEY",),
        key_header="authorization",
        prices="ollama",
        reasoning=("reasoning_effort",),
    ),
)

_BY_NAME = {provider.name: provider for provider in PROVIDERS}
_BY_URL = {
    (shape, provider.url_for(shape)): provider for provider in PROVIDERS for shape in SHAPES if provider.url_for(shape)
}


def provider_named(name: str) -> Provider | None:
    """The row of this name."""
    return _BY_NAME.get(name.strip().lower())


def provider_at(shape: str, url: str) -> Provider | None:
    """The row whose address for requests of this shape this is."""
    return _BY_URL.get((shape, url))


def shape_of(wire: str) -> str:
    """The key of `SHAPES` that a wire format belongs to; "" for one that is a plugin's."""
    return next((shape for shape, wires in SHAPES.items() if wire in wires), "")
