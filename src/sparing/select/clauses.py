"""Clauses that a sentence stays true without: no number, no name, nothing that denies, limits or binds.

What is left out of a sentence must not turn its sense. So only a clause set off by punctuation is offered that begins
as an addition does (a bracket, a relative pronoun, a preposition, a participle), never the first one, which holds what
the sentence is about, and only where it holds none of the words that sentences turn on. Whether the question needs it
is for whoever reads both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

LEAST_CHARS = 24  # a shorter one saves hardly more than its mark takes
# Ends of clauses: after a comma, a semicolon or a colon, around brackets, after a dash with blanks around it.
_END = re.compile(r"[,;:]\s+|(?<!\s)\s+(?=[(\[])|(?<=[)\]])\s+|\s[–—-]\s+")
_SENTENCE = re.compile(r"""[^\n|`{}<>=\t].*[.!?…]["'”’)\]]*\s*""", re.DOTALL)
_NO_PROSE = re.compile(r"[|`{}<>=\t]|://")
_WEIGHTY = re.compile(
    r"""n['’]t\b|\b(?:
    not|no|nor|never|none|neither|nothing|nobody|nowhere|cannot|without|hardly|barely|scarcely|rarely|seldom|lacks?
    |except\w*|exclud\w+|exempt\w*|unless|only|but|however|yet|though|although|despite|rather|instead|otherwise|other
    |if|when\w*|until|till|before|after|while|provided|subject|where\w*|once|unlike|fails?|refus\w+|den(?:y|ies|ied)
    |must|shall|should|may|might|can|could|would|has\ to|have\ to|required?|prohibit\w*|forb\w+|allow\w*|least|most
    |zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|\w*illions?
    |dozens?|half|halves|quarters?|thirds?|twice|thrice|doubl\w+|tripl\w+|both|all|each|every|any|some|several|many|few
    |first|second|third|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|\w+teen|\w+tie|hundred)th|last|next|percent|per|up|down|more|less|fewer|above|below|under|over|than
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ADDS = re.compile(
    r"""[(\[]|(?:and|or|which|who|whose|whom|with|including|such|like|along|together|as|from|in|of|at|by|for|to|during|into
    |on|about|among|between|through|near|known|made|\w{3,}ing|\w{3,}ed)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_BRACKETS = (("(", ")"), ("[", "]"))
_QUOTES = ('"', "“", "”")


def spare_clauses(sentence: str) -> list[tuple[int, int]]:
    """Ranges of characters that may be left out, in order and apart; none where this is no sentence of prose."""
    if not _SENTENCE.fullmatch(sentence) or _NO_PROSE.search(sentence):
        return []
    return [
        (start, end) for start, end in _runs(sentence) if end - start >= LEAST_CHARS and _is_whole(sentence[start:end])
    ]


def is_weighty(clause: str) -> bool:
    """Whether it holds a number, a name (anything with a capital) or a word that a sentence turns on."""
    return any(char.isnumeric() or char.isupper() for char in clause) or bool(_WEIGHTY.search(clause))


def _runs(sentence: str) -> Iterator[tuple[int, int]]:
    """Additions behind the first clause that weigh nothing, neighbours joined."""
    ends = [match.end() for match in _END.finditer(sentence)]
    start = -1
    for a, b in pairwise([*ends, len(sentence)]):
        if _ADDS.match(sentence, a) and not is_weighty(sentence[a:b]):
            start = a if start < 0 else start
        elif start >= 0:
            yield start, a
            start = -1
    if start >= 0:
        yield start, len(sentence)


def _is_whole(clause: str) -> bool:
    """Whether brackets and quotation marks that open in it close in it."""
    even = sum(map(clause.count, _QUOTES)) % 2 == 0
    return even and all(clause.count(opens) == clause.count(closes) for opens, closes in _BRACKETS)
