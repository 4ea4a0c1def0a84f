"""In which order the pieces of a conversation are kept when nobody has asked anything: the most told per token first.

A piece is worth the names, dates, numbers and rare words in it that no better piece holds (a value said again in the
confirmation is kept once). What somebody wishes counts in full; what an assistant offers counts for less until it is
said again or the other side takes it up, because what both repeat is what they settled on. Who speaks comes last: on
the lowest rungs a line says only what was said.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, compress, pairwise, repeat
from operator import neg, sub

from sparing.reducers.turn_pieces import Pieces
from sparing.reducers.turn_words import VALUES, answers, bare, rare_weight, serves, weight

_NAME = 0.5  # least weight of what counts as a name, a date or a number
_SETTLED = 1.2  # weight of a word that is said in more than one piece
_OFFER_SHARE = {"": 0.6, "taken up": 0.8, "refused": 0.4}  # of what an assistant says, by the answer to it
_ANSWER = 1.6  # of the plain words of an answer
_AGAIN = 0.5  # what is left of a word that a better piece holds, where the phrase is new
_PART = 0.4  # of the second and later words of a name: a name is one fact, however long
_LEAST = 1e-3
_COMMONPLACE = 0.05  # worth per token: who speaks is worth more than what is below
_LEAD_RATE = 0.06  # of what only joins a name on ("in", "at"): it comes when there is room

_PARTS = re.compile("(?<=v)v")
_CALLED = re.compile("af?([cvNg][cvNgqpod]{0,2})")
_CAPITALS = re.compile("(?<=[eL/])v(?!v)|^v(?!v)")  # the first word of a sentence has a capital anyway
_FIRST_WORDS = 5  # of an answer tell whether it takes up what was offered


@dataclass(frozen=True, slots=True)
class Told:
    """The words that tell something.

    Attributes:
        words: Folded, in the order of the text.
        values: What each tells.
        starts: n + 1 indexes of words; piece i holds ``words[starts[i]:starts[i + 1]]``.
    """

    words: Sequence[str]
    values: Sequence[float]
    starts: Sequence[int]

    def pieces(self) -> list[int]:
        """Those that hold any."""
        return [piece for piece, (start, end) in enumerate(pairwise(self.starts)) if start < end]


@dataclass(frozen=True, slots=True)
class Order:
    """Attributes:
    pieces: All of them, the first to be kept first.
    worth: Of each piece, by its place in the text.
    num_telling: How many of them, from the first, tell more than the commonplace.
    """

    pieces: Sequence[int]
    worth: Sequence[float]
    num_telling: int


def order_pieces(
    pieces: Pieces, tokens: Sequence[int], gap_tokens: int, relevance: Sequence[float] | None = None
) -> Order:
    """Order the pieces by what they add per token that they cost.

    Args:
        tokens: Of each piece.
        gap_tokens: What the mark of a gap costs.
        relevance: A factor for each piece; None for all alike.
    """
    told = _told(pieces)
    cost = [size + gap_tokens for size in tokens]
    worth = _worth(told, cost)
    if relevance is not None:
        worth = [value * factor for value, factor in zip(worth, relevance, strict=True)]
    telling = told.pieces()
    rates = [0.0] * len(cost)
    for piece in telling:
        rates[piece] = worth[piece] / cost[piece]
    for piece, rate in _beside_kept(telling, rates, worth, tokens, gap_tokens):
        rates[piece] = rate
    leads = pieces.leads()
    for piece in leads:
        rates[piece] = min(_LEAD_RATE, 0.99 * rates[piece + 1])
    minus = list(map(neg, rates))
    ranked = sorted(sorted({*telling, *leads}), key=minus.__getitem__)
    num_telling = bisect_right(ranked, -_COMMONPLACE, key=minus.__getitem__)
    return Order([*ranked, *_others(ranked, len(cost))], worth, num_telling)


def _others(ranked: Sequence[int], size: int) -> Iterator[int]:
    """The pieces that tell nothing, from the top down, so that what is whole already stays together."""
    others = bytearray(b"\1" * size)
    for piece in ranked:
        others[piece] = 0
    return compress(range(size), others)


def _told(pieces: Pieces) -> Told:
    """What the words of each piece tell, by who says them and whether they are said again."""
    weights = _weights(pieces)
    words = list(map(bare, compress(pieces.tokens, weights)))
    said = Counter(words)
    up_to = list(accumulate(map(bool, weights), initial=0))
    starts = list(map(up_to.__getitem__, pieces.firsts))
    of_names, of_words = _shares(pieces)
    piece_of = chain.from_iterable(map(repeat, range(len(starts) - 1), map(sub, starts[1:], starts)))
    values = [
        value * (_SETTLED if said[word] > 1 else of_names[piece])
        if value >= _NAME
        else value * of_words[piece] * (_SETTLED if said[word] > 1 else 1.0)
        for piece, word, value in zip(piece_of, words, filter(None, weights), strict=True)
    ]
    return Told(words, values, starts)


def _weights(pieces: Pieces) -> list[float]:
    """Of each token, read in its place."""
    tokens, roles = pieces.tokens, pieces.roles
    weights = list(map(weight, tokens))
    for match in _PARTS.finditer(roles):
        at = match.start()
        if tokens[at][0].isalpha():
            weights[at] *= _PART
    for match in _CAPITALS.finditer(roles):
        at = match.start()
        if tokens[at][0].isalpha() and bare(tokens[at]) not in VALUES:
            weights[at] = rare_weight(tokens[at])
    for match in _CALLED.finditer(roles):
        for at in range(match.start(1), match.end()):
            weights[at] = 1.0 if weights[at] else 0.0
    return weights


def _shares(pieces: Pieces) -> tuple[list[float], list[float]]:
    """For each piece: how much names and numbers in its turn count, and how much other words."""
    firsts, labels = pieces.firsts, pieces.labels
    asks = {pieces.label_of[piece] for piece in pieces.asks}
    of_names = [1.0] * (labels[0] if labels else len(pieces.shapes))
    of_words = of_names.copy()
    before = -1
    for label, following in pairwise([*labels, len(pieces.shapes)]):
        names = words = 1.0
        if serves(pieces.tokens[firsts[label]]):
            answer = firsts[following] + 1
            names = words = _OFFER_SHARE[answers(pieces.tokens[answer : answer + _FIRST_WORDS])]
        elif before in asks:
            words = _ANSWER
        of_names += [names] * (following - label)
        of_words += [words] * (following - label)
        before = label
    return of_names, of_words


def _worth(told: Told, cost: Sequence[int]) -> list[float]:
    """What each piece adds to those that tell more per token."""
    words, values, starts = told.words, told.values, told.starts
    sums = list(accumulate(values, initial=0.0))
    telling = told.pieces()
    rate = {i: (sums[starts[i]] - sums[starts[i + 1]]) / cost[i] for i in telling}
    seen: set[str] = set()
    phrases: set[tuple[str, ...]] = set()
    worth = [_LEAST] * len(cost)
    for piece in sorted(telling, key=rate.__getitem__):
        start, end = starts[piece], starts[piece + 1]
        phrase = tuple(words[start:end])
        if phrase in phrases:
            continue
        phrases.add(phrase)
        worth[piece] -= rate[piece] * cost[piece]
        for word, value in zip(phrase, values[start:end], strict=True):
            if word in seen:
                worth[piece] -= (1 - _AGAIN) * value
        seen.update(phrase)
    return worth


def _beside_kept(
    telling: Sequence[int], rates: Sequence[float], worth: Sequence[float], tokens: Sequence[int], gap_tokens: int
) -> list[tuple[int, float]]:
    """Rates of pieces that are cheaper once a better neighbour is kept.

    Beside one a piece only moves a mark, between two it closes a gap. None comes before the neighbour that makes it
    cheap.
    """
    cheaper = []
    last = len(rates) - 1
    for piece in telling:
        rate = rates[piece]
        before = rates[piece - 1] if piece else 0.0
        after = rates[piece + 1] if piece < last else 0.0
        low, high = (before, after) if before < after else (after, before)
        if high > rate:
            value, size = worth[piece], tokens[piece]
            rate = max(rate, min(high, value / max(size, 0.5)))
            if low > rate:
                rate = max(rate, min(low, value / max(size - gap_tokens, 0.5)))
            cheaper.append((piece, rate))
    return cheaper
