"""`docs/providers.md` shows the providers that are known. Run this file to rewrite its table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sparing.settings.providers import PROVIDERS, SHAPES, Provider
from sparing.tokens.models import counter_for

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
_TABLE = re.compile(r"(<!-- providers -->\n).*?(<!-- /providers -->)", re.DOTALL)
_HEAD = "| `provider` | wire formats | base URL | key | tokens counted with | says how much to think | steers the prompt cache |\n|---|---|---|---|---|---|---|\n"


def table() -> str:
    return _HEAD + "".join(f"| {' | '.join(cells(provider))} |\n" for provider in PROVIDERS)


def cells(provider: Provider) -> Iterator[str]:
    yield f"`{provider.name}`"
    yield quoted(provider.wires) + (f" ({provider.note})" if provider.note else "")
    yield quoted(dict.fromkeys(url for shape in SHAPES if (url := provider.url_for(shape))))
    yield quoted(provider.key_variables) or "none"
    yield counter_for(provider.tokenizer).name if provider.tokenizer else "by the model's name"
    yield quoted(provider.reasoning)
    yield quoted(provider.cache) or "nothing: prefixes are cached unasked"


def quoted(words: tuple[str, ...] | dict[str, None]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def rewritten(page: str) -> str:
    """The page with the table of today."""
    return _TABLE.sub(lambda found: found[1] + table() + found[2], page)


def test_the_table_in_the_page_is_the_real_one() -> None:
    """Rewrite it with `python tests/docs/test_providers_docs.py`."""
    page = PAGE.read_text("utf-8")
    assert table() in page
    assert rewritten(page) == page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
