"""Which counter belongs to which model."""

from __future__ import annotations

from functools import lru_cache

from sparing.core.counter import Counter
from sparing.tokens.bpe import BpeCounter
from sparing.tokens.estimate import ScaledCounter

DEFAULT_MODEL = "gpt-4o"

# First match wins. The factor is tokens of that family per o200k token on English prose and code; families without a
# public vocabulary are labelled as estimates. Claude 3+: the provider counts some 10-20 % more than o200k; we take the
# high end so that a budget is not exceeded by the estimate's error.
_FAMILIES: tuple[tuple[tuple[str, ...], str, float | None], ...] = (
    (("gpt-4o", "gpt-4.1", "gpt-5", "o1", "o3", "o4", "chatgpt-4o", "gpt-oss", "o200k"), "o200k_base", None),
    (("gpt-4", "gpt-3.5", "text-embedding-3", "text-embedding-ada", "cl100k"), "cl100k_base", None),
    (("claude", "anthropic"), "o200k_base", 1.2),
    (("gemini", "gemma"), "o200k_base", 1.05),
    (
        ("mistral", "mixtral", "codestral", "ministral", "magistral", "devstral", "pixtral", "open-mi"),
        "o200k_base",
        1.1,
    ),
    (("deepseek",), "o200k_base", 1.05),
    (("qwen", "qwq"), "o200k_base", 1.05),
    (("llama", "smollm"), "o200k_base", 1.05),
)


def counter_for(model: str) -> Counter:
    """The counter for a model name; providers' prefixes (``openai/gpt-4o``) are ignored."""
    name = model.lower().rsplit("/", 1)[-1]
    for prefixes, vocabulary, factor in _FAMILIES:
        if name.startswith(prefixes):
            return _counter(vocabulary, factor, prefixes[0])
    return _counter("o200k_base", 1.0 if name else None, "unknown model")


@lru_cache
def _counter(vocabulary: str, factor: float | None, family: str) -> Counter:
    base = _bpe(vocabulary)
    return base if factor is None else ScaledCounter(f"{vocabulary} x {factor:g} ({family})", base, factor)


@lru_cache
def _bpe(vocabulary: str) -> BpeCounter:
    return BpeCounter(vocabulary)
