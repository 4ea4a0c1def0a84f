"""Finding the prices of a model by the names that callers and providers write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from sparing.core.prices import Prices
from sparing.prices.table import Row, rows_of, shipped_rows

# What others call a provider of the table: makers on OpenRouter, prefixes of client libraries.
_ALIASES = {
    "gemini": "google",
    "mistralai": "mistral",
    "deepseek-ai": "deepseek",
    "llamacpp": "llama.cpp",
    "local": "embedded",
}
_RESELLER = "openrouter"
_RESOLD = frozenset(
    {"anthropic", "google", "openai"}
)  # at the maker's own price; for open weights every host has its own

_LONGEST_NAME = 256  # a caller's field: what is remembered of it must not grow

# What a dated or moving name has more than its family: -2025-08-07, @20250929, -0613, -001, -latest, -preview-09-2025.
_DATED = re.compile(r"(?:[-@](?:\d{4}-?\d{2}-?\d{2}|\d{3,4}|latest|preview(?:-\d{2}-\d{4})?))?")


def prices_for(model: str, provider: str = "", *, prompt_tokens: int = 0, file: str = "") -> Prices | None:
    """What a model costs; None where no row says so, which means: count tokens, name no price.

    Args:
        model: As the request names it: dated, or with its maker in front (``anthropic/claude-sonnet-4.5``).
        provider: Who is paid: ``openai``, ``openrouter``, ``vllm``, ...; "" goes by the model's name, so rows that hold
            for any model (``*``) are not found.
        prompt_tokens: Some models cost more above a length of the prompt.
        file: Rows of the user's, which win over those that are shipped.
    Raises:
        SettingsError: `file` cannot be used.
    """
    if len(model) > _LONGEST_NAME:
        return None
    found: Prices | None = None
    for from_tokens, prices in _tiers(model, provider, file):
        if prompt_tokens >= from_tokens:
            found = prices
    return found


def matches(family: str, name: str) -> bool:
    """Whether a model's name belongs to a family: the same, or a dated form of it.

    A longer name is another model (``gpt-5-pro`` costs twelve times ``gpt-5``); only ``*`` stands for any rest.
    """
    family = family.lower().replace(".", "-")
    if family.endswith("*"):
        return name.startswith(family[:-1])
    return name.startswith(family) and _DATED.fullmatch(name, len(family)) is not None


@lru_cache(maxsize=1024)
def _tiers(model: str, provider: str, file: str) -> tuple[tuple[int, Prices], ...]:
    """The prices of a model by the length of prompt that they begin at, ascending."""
    *path, name = model.lower().replace(".", "-").split("/")
    maker = _provider(path[-1] if path and path[-1] != "models" else "")
    seller = _provider(provider) or (_RESELLER if _RESELLER in path[:-1] else "")
    if seller == _RESELLER:
        seller = maker if maker in _RESOLD else _RESELLER
    own = rows_of(Path(file).expanduser()) if file else ()
    return _longest(own, seller or maker, name) or _longest(shipped_rows(), seller or maker, name)


def _longest(rows: Iterable[Row], seller: str, name: str) -> tuple[tuple[int, Prices], ...]:
    """Tiers of the longest family that the name belongs to."""
    best = -1
    tiers: list[tuple[int, Prices]] = []
    for row in rows:
        if seller and row.provider != seller:
            continue
        for family in row.models:
            if len(family) < best or not matches(family, name) or (family == "*" and not seller):
                continue
            if len(family) > best:
                best, tiers = len(family), []
            tiers.append((row.from_tokens, row.prices))
    return tuple(sorted(tiers, key=lambda tier: tier[0]))


def _provider(name: str) -> str:
    name = name.lower().strip()
    return _ALIASES.get(name, name)
