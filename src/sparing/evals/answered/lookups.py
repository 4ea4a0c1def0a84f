"""Pairs of questions as the semantic cache sees them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from sparing.evals.paraphrases import Pair, banking_traps, quora_pairs
from sparing.evals.progress import track
from sparing.evals.task import Draw
from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.embed import Embedder, similarity
from sparing.generate.cache.semantic.evidence import APART, Evidence
from sparing.generate.cache.semantic.index import Index, Record, is_alike
from sparing.generate.cache.semantic.wording import take_apart

_TRAPS_PER_PAIR = 0.05
KEPT_APART = -1.0  # the rules say that the two differ


@dataclass(frozen=True, slots=True)
class Lookup:
    """One pair: `similarity` is below 0 where the rules keep the two apart.

    Attributes:
        alike: The other questions of the data that the index finds and that count as the crowd.
    """

    similarity: float
    same: bool
    trap: bool
    kept: str
    asked: str
    alike: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """What an audit would say: the answer would have done, or none would have been given."""
        return self.same or self.similarity == KEPT_APART

    def evidence(self, known: Container[str]) -> Evidence:
        """While the index holds these questions."""
        if self.similarity == KEPT_APART:
            return APART
        return Evidence(self.similarity, sum(one in known for one in self.alike))


def traps_of(draw: Draw) -> int:
    """How many traps there are among so many pairs."""
    return max(1, round(_TRAPS_PER_PAIR * draw.n))


def look_up(draw: Draw, embedder: Embedder, name: str) -> list[Lookup]:
    """All of Quora's pairs and a bank's traps, compared; the crowd is found by the index that the gateway has."""
    pairs: Sequence[Pair] = [
        *quora_pairs(draw),
        *banking_traps(draw, embedder, traps_of(draw)),
    ]
    index = Index(2 * len(pairs), per_context=2 * len(pairs))
    for question in dict.fromkeys(text for pair in pairs for text in (pair.kept, pair.asked)):
        index.add(b"", Record(question.encode(), take_apart(question), embedder.embed(question)))
    lookups = []
    with track(f"comparing by {name}", len(pairs)) as progress:
        for pair in pairs:
            lookups.append(_compared(pair, embedder, index))
            progress.step()
    return lookups


def _compared(pair: Pair, embedder: Embedder, index: Index) -> Lookup:
    wording, vector = take_apart(pair.asked), embedder.embed(pair.asked)
    if disagreement(wording, take_apart(pair.kept)):
        return Lookup(KEPT_APART, pair.same, pair.trap, pair.kept, pair.asked)
    near = [(alike, one.key.decode()) for alike, one in index.near(b"", wording, vector)]
    crowd = tuple(text for alike, text in near if is_alike(alike) and text not in (pair.kept, pair.asked))
    return Lookup(similarity(vector, embedder.embed(pair.kept)), pair.same, pair.trap, pair.kept, pair.asked, crowd)
