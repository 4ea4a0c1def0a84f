"""How many pairs that people called different ask the same, and what a perfect judge of meaning loses by that.

Who knows what every question means gives an answer wherever both ask the same. Where people labelled such a pair as
different, that counts as wrong, and nothing tells these pairs from the others: of the pairs that ask the same no more
can be hit than leave so many of them within the bound. How many there are is estimated from pairs that were drawn at
random and read by one language model, strictly: the same only where an answer to one is all of an answer to the
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

import msgspec

from sparing.evals.answered.runs import MAX_WRONG
from sparing.evals.paraphrases import Pair
from sparing.evals.stats import wilson
from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.bound import CONFIDENCE, MOST_LESSONS, most_wrong
from sparing.generate.cache.semantic.wording import take_apart, weight

_NEAR = 1_000  # pairs that share most words are a stratum of their own: among them more ask the same
Bounds = tuple[float, float, float]  # an estimate, and its 95 % interval


class Read(msgspec.Struct, frozen=True):
    """Pairs that were read, by digest: no text of them is kept."""

    same: frozenset[str]
    different: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Pairs labelled as different that the rules let through.

    Attributes:
        read: So many were, drawn at random.
        same: Of these.
    """

    name: str
    pairs: int
    read: int
    same: int

    @property
    def mislabelled(self) -> Bounds:
        """How many of the pairs ask the same."""
        low, high = wilson(self.same, self.read)
        return self.pairs * self.same / self.read, self.pairs * low, self.pairs * high


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a perfect judge reaches.

    Attributes:
        strata: Pairs labelled as different, by how many words they share.
        agreeing: Duplicates that the rules let through; `duplicates` is all of them.
        certified: Share of lookups that may be seen to be wrong where a certificate is to stand.
    """

    strata: Sequence[Stratum]
    agreeing: int
    duplicates: int
    lookups: int
    certified: float

    @property
    def mislabelled(self) -> Bounds:
        """How many pairs that are labelled as different ask the same; the interval takes all strata at their ends."""
        some = [one.mislabelled for one in self.strata]
        return sum(one[0] for one in some), sum(one[1] for one in some), sum(one[2] for one in some)

    def hit(self, share: float) -> Bounds:
        """Of all duplicates, where so many of the lookups may be wrong."""
        middle, low, high = (self._hit(share, wrong) for wrong in self.mislabelled)
        return middle, high, low

    def most_mislabelled(self, share: float, hit: float) -> float:
        """More than so many pairs, and no judge hits so much of the duplicates."""
        return share * self.lookups * self.agreeing / (hit * self.duplicates)

    def _hit(self, share: float, mislabelled: float) -> float:
        return min(1.0, share * self.lookups / mislabelled) * self.agreeing / self.duplicates


def ceiling(pairs: Sequence[Pair], lookups: int) -> Ceiling | None:
    """Of all of Quora's pairs; None of others, among which those that were read are no random sample.

    Args:
        lookups: Pairs that a bound is kept over, those of other data included.
    """
    read = msgspec.json.decode(files("sparing.evals.answered").joinpath("read.json").read_bytes(), type=Read)
    agreeing = [one for one in pairs if not disagreement(take_apart(one.kept), take_apart(one.asked))]
    contested = sorted((one for one in agreeing if not one.same), key=lambda one: (-_shared(one), one.kept, one.asked))
    strata = [
        _stratum("that share most words", contested[:_NEAR], read),
        _stratum("others", contested[_NEAR:], read),
    ]
    if sum(one.read for one in strata) < len(read.same) + len(read.different):
        return None
    labels = lookups // 2 - MOST_LESSONS
    certified = most_wrong(labels, MAX_WRONG, 1 - CONFIDENCE) / labels
    return Ceiling(strata, len(agreeing) - len(contested), sum(one.same for one in pairs), lookups, certified)


def digest(pair: Pair) -> str:
    """Of both texts."""
    return blake2b(f"{pair.kept}\0{pair.asked}".encode(), digest_size=8).hexdigest()


def _stratum(name: str, pairs: Sequence[Pair], read: Read) -> Stratum:
    digests = [digest(one) for one in pairs]
    same, different = (sum(one in some for one in digests) for some in (read.same, read.different))
    return Stratum(name, len(pairs), same + different, same)


def _shared(pair: Pair) -> float:
    """Share of the telling words that both have, by their beginnings."""
    kept, asked = _telling(pair.kept), _telling(pair.asked)
    return len(kept & asked) / max(1, len(kept | asked))


def _telling(text: str) -> set[str]:
    return {word[:5] for word in take_apart(text).words if weight(word) == 1.0}
