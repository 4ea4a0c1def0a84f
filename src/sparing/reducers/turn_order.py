"""In which order the pieces of a conversation are kept when nobody has asked anything: the most told per token first.

A piece is worth the names, dates, numbers and rare words in it that no better piece holds (a value said again in the
confirmation is kept once). What somebody wishes counts in full; what an assistant offers counts for less until it is
said again or the other side takes it up, because what both repeat is what they settled on. Who speaks comes last: on
the lowest rungs a line says only what was said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, compress, pairwise, repeat

from sparing.reducers.turn_pieces import Pieces
from sparing.reducers.turn_words import VALUES, answers, bare, rare_weight, serves, weight

_NAME = 0.5  # least weight of what counts as a name, a date or a number
_SETTLED = 1.2  # weight of a word that is said in more than one piece
_OFFER_SHARE = {"": 0.45, "taken up": 0.8, "refused": 0.25}  # of what an assistant says, by the answer to it
_ANSWER = 1.6  # of the plain words of an answer
_AGAIN = 0.5  # what is left of a word that a better piece holds, where the phrase is new
_PART = 0.4  # of the second and later words of a name: a name is one fact, however long
_LEAST = 1e-3
_LABEL_RATE = 0.05  # worth per token of who speaks: above a commonplace word, below any name

_PARTS = re.compile("(?<=v)v")
_CAPITALS = re.compile("(?<=[eL/])v(?!v)|^v(?!v)")  # the first word of a sentence has a capital anyway
_JUST_BEFORE = 1 + 1e-9
_FIRST_WORDS = 5  # of an answer tell whether it takes up what was offered

Told = dict[int, dict[str, float]]
"""Piece -> the words in it that tell something, with their weights; other pieces are absent."""


@dataclass(frozen=True, slots=True)
class Order:
    """Attributes:
    pieces: All of them, the first to be kept first.
    worth: Of each piece, by its place in the text.
    """

    pieces: Sequence[int]
    worth: Sequence[float]


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
    _share(told, pieces)
    cost = [size + gap_tokens for size in tokens]
    worth = _worth(told, cost)
    if relevance is not None:
        worth = [value * factor for value, factor in zip(worth, relevance, strict=True)]
    rates = [value / size for value, size in zip(worth, cost, strict=True)]
    _rate_labels(rates, told, pieces.label_of)
    _rate_ends(rates, pieces)
    minus = [-rate for rate in rates]
    return Order(sorted(range(len(minus)), key=minus.__getitem__), worth)


def _told(pieces: Pieces) -> Told:
    weights = list(map(weight, pieces.tokens))
    for match in _PARTS.finditer(pieces.roles):
        at = match.start()
        if pieces.tokens[at][:1].isalpha():
            weights[at] *= _PART
    for match in _CAPITALS.finditer(pieces.roles):
        token = pieces.tokens[match.start()]
        if token[:1].isalpha() and bare(token) not in VALUES:
            weights[match.start()] = rare_weight(token)
    firsts = pieces.firsts
    sizes = [b - a for a, b in pairwise(firsts)]
    piece_of = chain.from_iterable(map(repeat, range(len(sizes)), sizes))
    telling = zip(compress(piece_of, weights), compress(pieces.tokens, weights), filter(None, weights), strict=True)
    told: Told = {}
    for piece, token, value in telling:
        told.setdefault(piece, {})[bare(token)] = value
    return told


def _share(told: Told, pieces: Pieces) -> None:
    """Weigh each word by who says it and whether it is said again."""
    counts = Counter(chain.from_iterable(told.values()))
    shares = _shares(pieces)
    for piece, words in told.items():
        of_names, of_words = shares.get(pieces.label_of[piece], (1.0, 1.0))
        for word, value in words.items():
            again = counts[word] > 1
            if value >= _NAME:
                words[word] = value * (_SETTLED if again else of_names)
            else:
                words[word] = value * (_SETTLED if again else 1.0) * of_words


def _shares(pieces: Pieces) -> dict[int, tuple[float, float]]:
    """By label: how much names and numbers in the turn count, and how much other words."""
    firsts, label_of = pieces.firsts, pieces.label_of
    labels = [i for i, label in enumerate(label_of) if i == label]
    asks = {label_of[piece] for piece in pieces.asks}
    shares = {}
    before = -1
    for label, following in pairwise([*labels, len(label_of)]):
        if serves(pieces.tokens[firsts[label]]):
            answer = firsts[following] + 1
            share = _OFFER_SHARE[answers(pieces.tokens[answer : answer + _FIRST_WORDS])]
            shares[label] = (share, share)
        elif before in asks:
            shares[label] = (1.0, _ANSWER)
        before = label
    return shares


def _worth(told: Told, cost: Sequence[int]) -> list[float]:
    """What each piece adds to those that tell more per token."""
    rate = {piece: -sum(words.values()) / cost[piece] for piece, words in told.items()}
    seen: set[str] = set()
    phrases: set[tuple[str, ...]] = set()
    worth = [_LEAST] * len(cost)
    for piece in sorted(rate, key=rate.__getitem__):
        words = told[piece]
        phrase = tuple(words)
        if phrase in phrases:
            continue
        phrases.add(phrase)
        known = seen.intersection(words)
        worth[piece] += sum(words.values()) - (1 - _AGAIN) * sum(map(words.__getitem__, known))
        seen.update(words)
    return worth


def _rate_labels(rates: list[float], told: Told, label_of: Sequence[int]) -> None:
    """A label comes when there is room for labels, and not before the best piece of its turn."""
    best: dict[int, float] = {}
    for piece in told:
        label = label_of[piece]
        if label >= 0 and rates[piece] > best.get(label, 0.0):
            best[label] = rates[piece]
    for label, rate in best.items():
        rates[label] = min(_LABEL_RATE, 0.99 * rate)


def _rate_ends(rates: list[float], pieces: Pieces) -> None:
    """What ends a sentence or a line comes just before the later of its neighbours: it costs no more than a mark."""
    last = len(rates) - 1
    for piece in pieces.ends():
        before = rates[piece - 1] if piece else 0.0
        after = rates[piece + 1] if piece < last else before
        rates[piece] = min(before, after) * _JUST_BEFORE
