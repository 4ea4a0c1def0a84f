"""Reading tables of prices: the one that is shipped (``prices.toml``), and the user's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec

from sparing.core.prices import CacheKind, Prices
from sparing.errors import SettingsError

_Usd = Annotated[float, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Row:
    """Prices and whom they are for.

    Attributes:
        models: Names of a family; see `lookup.matches`.
        from_tokens: Shortest prompt that they hold for.
    """

    provider: str
    models: tuple[str, ...]
    from_tokens: int
    prices: Prices


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """A row as it stands in a file, with what stands above it."""

    models: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    input_usd: _Usd
    output_usd: _Usd
    as_of: date
    source: str
    cache_read_usd: _Usd | None = None
    cache_write_usd: dict[int, _Usd] = {}
    cache: CacheKind = CacheKind.NONE
    cache_min_tokens: Annotated[int, msgspec.Meta(ge=0)] = 0
    cache_block_tokens: Annotated[int, msgspec.Meta(ge=1)] = 1
    from_tokens: Annotated[int, msgspec.Meta(ge=0)] = 0

    def prices(self) -> Prices:
        return Prices(
            input_usd=self.input_usd,
            output_usd=self.output_usd,
            cache_read_usd=self.input_usd if self.cache_read_usd is None else self.cache_read_usd,
            cache_write_usd=tuple(sorted(self.cache_write_usd.items())),
            cache=self.cache,
            cache_min_tokens=self.cache_min_tokens,
            cache_block_tokens=self.cache_block_tokens,
            as_of=self.as_of,
            source=self.source,
        )


@lru_cache(maxsize=1)
def shipped_rows() -> tuple[Row, ...]:
    """The rows of the package."""
    text = files("sparing.prices").joinpath("prices.toml").read_text("utf-8")
    return tuple(_rows(tomllib.loads(text), "prices.toml"))


@lru_cache(maxsize=8)
def rows_of(path: Path) -> tuple[Row, ...]:
    """The rows of a file of the user's.

    Raises:
        SettingsError: It cannot be read, or a row is not one; names the row.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"prices at {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}", hint="docs/money.md shows a table of prices") from error
    return tuple(_rows(tables, str(path)))


def _rows(tables: Mapping[str, Any], name: str) -> Iterator[Row]:
    for provider, table in tables.items():
        if not isinstance(table, dict) or not isinstance(table.get("rows"), list):
            raise SettingsError(f"{name}: [{provider}] has no rows", hint="write rows = [{ models = [...], ... }]")
        above = {"source": name, **table}
        rows = above.pop("rows")
        for number, row in enumerate(rows):
            try:
                written = msgspec.convert({**above, **row}, _Written, str_keys=True)
            except (msgspec.ValidationError, TypeError) as error:
                where = f"{name}: [{provider}] rows[{number}]"
                raise SettingsError(f"{where}: {error}", hint="docs/money.md shows a table of prices") from error
            yield Row(provider, written.models, written.from_tokens, written.prices())
