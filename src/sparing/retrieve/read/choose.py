"""Which reader takes a source: whose bytes it has, else whose extension, else text."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from sparing import registry
from sparing.core.reader import Reader
from sparing.reducers.language import extension
from sparing.retrieve.read.text import Text

_GROUP = "readers"
_START_BYTES = 4096


@lru_cache
def readers() -> tuple[Reader, ...]:
    """All that are registered, in order."""
    return tuple(cast(Reader, registry.load(_GROUP, name)) for name in registry.names(_GROUP))


def reader_for(data: bytes, name: str) -> Reader:
    """The reader of a source.

    Args:
        name: Of the file, or the last part of an address.
    """
    start = data[:_START_BYTES]
    for reader in readers():
        if reader.knows(start):
            return reader
    ending = extension(name)
    return next((reader for reader in readers() if ending in reader.extensions), Text())
