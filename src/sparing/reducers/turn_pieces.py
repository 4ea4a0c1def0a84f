"""Turns cut into pieces that can stand without the rest: a phrase with what joins it on, a negation with its clause.

The pieces of a text are the text: nothing lies between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sparing.reducers.speakers import LABEL as SPEAKER
from sparing.reducers.turn_words import END, LABEL, LINE, role

# A speaker at the start of a line; a word; punctuation that ends something; blanks. Punctuation inside a word ("12:30",
# "1,060", "p.m") is part of it.
_TOKEN = re.compile(
    rf"(?m:^{SPEAKER})[ \t]*"
    r"|\d{1,2}(?:[:.]\d\d)?[ ]?(?:[apAP][mM]\b|[apAP]\.[mM]\.?)[ \t]*|[dD]ay (?:after tomorrow|before yesterday)[ \t]*"
    r"|(?:[qQ]uarter|[hH]alf) (?:to|past)[ \t]+|[A-Z]\.(?=[ \t])[ \t]+"
    r"|(?:[^\s.,;:!?…。，、！？；：]|[.,:;!?](?=[^\s.,;:!?\"')\]]))+[ \t]*"
    r"|[.,;:!?…。，、！？；：\"')\]]+[ \t]*|\s+"
)
_ENDS = END + LINE
_QUESTION = re.compile("[?？]")
_LEAD = "[pbg]?[foN]{0,2}"  # what joins a phrase to the sentence
_NAMED = "N*[vt]"
_PHRASE = re.compile(
    rf"""
    (?:
      L                                                            # who speaks
    | n[^kebL/]*                                                   # a negation, and all that it may negate
    | {_LEAD}(?:c{{1,2}}k?)?{_NAMED}                                # from the | quiet | Lima
      (?:c?{_NAMED}|k?o{{0,2}}{_NAMED}|k?N+|of?[vtc]|[po]f?o?t)*c? # in Peru, of this month, in the morning
    | {_LEAD}c+|g                                                  # for a quiet place
    | [pbfoN]+?(?=[pbg][foN]{{0,2}}c{{0,2}}{_NAMED}|o?{_NAMED}|[^pbfoN]|\Z)
    )
    k*
    | [ke/]+                                                       # what ends a sentence or a line, by itself
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A conversation in pieces.

    Attributes:
        tokens: Words, punctuation and speakers; joined they are the text.
        roles: One character per token, see `turn_words`.
        firsts: n + 1 indexes of tokens; piece i is ``tokens[firsts[i]:firsts[i + 1]]``.
        bounds: The same as character offsets of the text.
        label_of: For each piece the piece that names its speaker, -1 if none; a label is its own.
        asks: Pieces in which a question ends.
    """

    tokens: Sequence[str]
    roles: str
    firsts: Sequence[int]
    bounds: Sequence[int]
    label_of: Sequence[int]
    asks: frozenset[int]

    def ends(self) -> list[int]:
        """Pieces that only end a sentence or a line."""
        return [piece for piece, first in enumerate(self.firsts[:-1]) if self.roles[first] in _ENDS]


def cut_turns(text: str) -> Pieces:
    """Cut a conversation into pieces."""
    tokens = _TOKEN.findall(text)
    roles = "".join(map(role, tokens))
    starts = list(accumulate(map(len, tokens), initial=0))
    firsts = [match.start() for match in _PHRASE.finditer(roles)]
    is_label = [roles[first] == LABEL for first in firsts]
    numbers = [piece if label else -1 for piece, label in enumerate(is_label)]
    firsts.append(len(tokens))
    bounds = [starts[first] for first in firsts]
    asks = frozenset(bisect_right(bounds, match.start()) - 1 for match in _QUESTION.finditer(text))
    return Pieces(tokens, roles, firsts, bounds, list(accumulate(numbers, max)), asks)
