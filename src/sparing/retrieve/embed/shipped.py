"""The embedder that comes with the package."""

from __future__ import annotations

from importlib.util import find_spec

from sparing.core.store import Embedder
from sparing.errors import SelectorMissing


def shipped() -> Embedder:
    """The shipped sentence embedding; loaded once in a process.

    Raises:
        SelectorMissing: The extra `select` is not installed, or a file is missing or damaged.
    """
    if find_spec("numpy") is None:
        raise SelectorMissing("the shipped embedder needs the extra `select`", hint="pip install 'sparing[select]'")
    from sparing.select.embedding import embedding

    return embedding()
