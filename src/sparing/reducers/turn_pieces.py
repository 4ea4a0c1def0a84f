"""Turns cut into pieces that can stand without the rest: a phrase with what joins it on, a negation with its clause.

The pieces of a text are the text: nothing lies between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from sparing.reducers.speakers import LABEL as SPEAKER
from sparing.reducers.turn_words import LABEL, role

# A speaker at the start of a line; a word; punctuation that ends something; blanks. Punctuation inside a word ("12:30",
# "1,060", "p.m") is part of it.
_TOKEN = re.compile(
    r"(?<=[ ])[abce-gi-npr-z][a-z]*[ ]"  # most words are plain: the rest only takes its time
    rf"|(?m:^{SPEAKER})[ \t]*"
    r"|(?=[\dA-Zdhoq])(?:"
    r"\d{1,2}(?:[:.]\d\d)?[ ]?(?:[apAP][mM]\b|[apAP]\.[mM]\.?)|[dD]ay (?:after tomorrow|before yesterday)"
    r"|[oO]ne (?:in the (?:morning|afternoon|evening)|o'clock|hundred|thousand|[ap]\.?m\b\.?)"
    r"|(?:[qQ]uarter|[hH]alf) (?:to|past)(?=[ \t])|[A-Z]\.(?=[ \t])"
    r")[ \t]*"
    r"|(?:[^\s.,;:!?…。，、！？；：]+|[.,:;!?](?=[^\s.,;:!?\"')\]]))+[ \t]*"
    r"|[.,;:!?…。，、！？；：\"')\]]+[ \t]*|\s+"
)
_QUESTION = re.compile("[?？]")
_LEAD = "[pqbg]?[foN]{0,2}"  # what joins a phrase to the sentence
_NAMED = "N*[vdt]"
_PHRASE = re.compile(
    rf"""
    (?:
      L                                                            # who speaks
    | n[^kebL/]*                                                   # a negation, and all that it may negate
    | af?[cvNg][cvNgqpod]{{0,2}}                                    # called | leave for home
    | (?:[No]?f{{1,2}}q?f?|qf?)(?!d[^cvdt])(?=o?c{{0,2}}{_NAMED})   # in the | Lima
    | {_LEAD}(?:c{{1,2}}k?)?{_NAMED}                                # from the | quiet | Lima
      (?:c?{_NAMED}|k?o{{0,2}}{_NAMED}|k?N+|o[vdtc]|of[vt]|[pqo]f?o?t)*c? # and Peru, of this month, in the morning
    | {_LEAD}c+|g                                                  # for a quiet place
    | [pqbfoN]+?(?=[pqbg][foN]{{0,2}}c{{0,2}}{_NAMED}|o?{_NAMED}|[^pqbfoN]|\Z)
    | a
    )
    | [ke/]+                                                       # what ends a sentence or a line, by itself
    """,
    re.VERBOSE,
)
_LEADS = re.compile("[No]?f{1,2}q?f?|qf?")
_LED = re.compile("o?c{0,2}N*[vdt]")


@dataclass(frozen=True, slots=True)
class Pieces:
    """A conversation in pieces.

    Attributes:
        tokens: Words, punctuation and speakers; joined they are the text.
        roles: One character per token, see `turn_words`.
        shapes: The roles of each piece.
        firsts: n + 1 indexes of tokens; piece i is ``tokens[firsts[i]:firsts[i + 1]]``.
        bounds: The same as character offsets of the text.
        labels: The pieces that name a speaker, each at the start of a turn.
        label_of: For each piece the piece that names its speaker, -1 if none; a label is its own.
        asks: Pieces in which a question ends.
    """

    tokens: Sequence[str]
    roles: str
    shapes: Sequence[str]
    firsts: Sequence[int]
    bounds: Sequence[int]
    labels: Sequence[int]
    label_of: Sequence[int]
    asks: frozenset[int]

    def leads(self) -> list[int]:
        """Pieces that only join the next one on."""
        return [piece for piece, joins in enumerate(map(_joins_on, self.shapes, self.shapes[1:])) if joins]


def cut_turns(text: str) -> Pieces:
    """Cut a conversation into pieces."""
    tokens = _TOKEN.findall(text)
    roles = "".join(map(role, tokens))
    shapes = _PHRASE.findall(roles)
    starts = list(accumulate(map(len, tokens), initial=0))
    firsts = list(accumulate(map(len, shapes), initial=0))
    bounds = list(map(starts.__getitem__, firsts))
    labels = [piece for piece, shape in enumerate(shapes) if shape == LABEL]
    label_of = [-1] * (labels[0] if labels else len(shapes))
    for label, following in pairwise([*labels, len(shapes)]):
        label_of.extend([label] * (following - label))
    asks = frozenset(bisect_right(bounds, match.start()) - 1 for match in _QUESTION.finditer(text))
    return Pieces(tokens, roles, shapes, firsts, bounds, labels, label_of, asks)


@lru_cache(maxsize=4096)
def _joins_on(shape: str, following: str) -> bool:
    return _LEADS.fullmatch(shape) is not None and _LED.match(following) is not None
