"""Passages to cite in tests."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.passage import Passage
from sparing.retrieval import Retrieved, Source
from sparing.retrieve.search import Hit


def numbered(*texts: str, heads: str = "") -> list[Source]:
    """Passages 1, 2, ... of ``doc1.md``, ``doc2.md``, ..., sent whole."""
    passages = [
        Passage(n, f"doc{n}.md", 0, text, f"digest{n}", heads, f"lines {n}-{n + 2}") for n, text in enumerate(texts, 1)
    ]
    return [Source(n, passage, passage.text, 0, 0.9, (passage,)) for n, passage in enumerate(passages, 1)]


def gathered(sources: Sequence[Source], chance: float = 0.9) -> Retrieved:
    """What was retrieved: all found with the same chance."""
    hits = tuple(Hit(source.passage, chance, "words 1") for source in sources)
    return Retrieved("?", tuple(sources), hits, 0, 1000, reason="" if sources else "nothing was found")


GAME = (
    "The Denver Broncos won Super Bowl 50 on February 7, 2016. The game was played at Levi's Stadium in Santa Clara. "
    "The Panthers did not score a touchdown in the first quarter."
)
PETS = (
    "Tenants may keep pets of up to 10 kg. Dogs of listed breeds are not allowed, except assistance dogs. The deposit "
    "is $1,200 and is returned within thirty days."
)
