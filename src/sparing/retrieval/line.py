"""What an audit line says of the passages that were fetched."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sparing.core.retrieval import FetchedPassage
from sparing.retrieval.sources import Retrieved, Source


def fetched_of(retrieved: Retrieved) -> tuple[FetchedPassage, ...]:
    """As they ranked; what was sent only because it belongs to one of them comes last."""
    parts = {part.id: part for source in retrieved.sources for part in source.parts}
    found = {hit.passage.id: hit.passage for hit in retrieved.fetched}
    near = [part for name, part in parts.items() if name not in found]
    return tuple(
        FetchedPassage(one.source, one.place, one.digest, sent=one.id in parts) for one in (*found.values(), *near)
    )


def cited_in(
    passages: tuple[FetchedPassage, ...], sources: tuple[Source, ...], numbers: Collection[int]
) -> tuple[FetchedPassage, ...]:
    """The same, with those marked that an answer rests on.

    Args:
        numbers: Of the sources that it cites.
    """
    digests = {part.digest for source in sources if source.number in numbers for part in source.parts}
    return tuple(replace(one, cited=one.sent and one.digest in digests) for one in passages)
