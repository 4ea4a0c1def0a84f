"""What a description of a tool or parameter says that the names, types and values around it do not.

A description is cut into sentences and these into clauses; a clause whose every word is already known is left out, and
so are openings and endings that only repeat. What is kept is kept to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from sparing.reducers.words import WORD, fold, stem

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in WORD.findall(fold(text)))


# Words that tell a reader of the schema nothing: articles and the like, and what a schema says in its own members.
# Left out on purpose: not, no, only, if, when, unless, before, after, each, per, all, than and other words that bound.
_FILLER: Final = _stems(
    """
    a an the this that these those which whose it its is are was were be been being will would of for in on to from by
    with at as and you your we our has have can may please
    parameter parameters param argument arguments arg input inputs field fields property properties attribute value
    values variable string str text integer int number numeric float double boolean bool flag object dict dictionary
    schema json array list null type types specific specified specify specifies given provide provided provides
    particular desired certain corresponding respective relevant related associated various used use uses user
    users using function functions tool tools method api endpoint call want wants wish need needs needed represent
    representing
    represents indicate indicating indicates denote denoting determine determining determines define defining defines
    describe describing refer refers referring name named called optional required whether
    """
)
_TELLING_LETTERS: Final = 3  # of a stem
# Known beside these where the schema itself lists or defaults the values.
OF_ENUM: Final = _stems("one either or options option choices choice allowed possible valid supported available can")
OF_DEFAULT: Final = _stems("default defaults defaulted if not specified provided given set omitted none else")

# What a reader needs word for word: rules, bounds, forms and examples of values.
RULE: Final = re.compile(
    r"\b(?:not|never|must|only|cannot|can't|don't|won't|shouldn't|should|always|unless|except|without|avoid|ensure"
    r"|important|warning|require[sd]?|instead|before|after|if|when|otherwise|default(?:s|ed)?|deprecated)\b",
    re.IGNORECASE,
)
FORM: Final = re.compile(
    r"""\d|["`“‘«]|(?<!\w)'|\b[A-Z]{2,}\b|\w/\w|%|°|[a-z]_[a-z]|(?i:\be\.?g\b|\bi\.?e\b|\bsuch as\b|\bfor example\b"""
    r"""|\bexamples?\b|\bformat|\bseparated|\btime ?zone|\blocal time|\b(?:max|min)(?:imum)?\b|\bat (?:least|most)\b"""
    r"""|\bup to\b|\bbetween\b|\brange\b|\bcan be\b|\beither\b|\bone of\b|\bunits?\b|\bpercent|\bper \w+"""
    r"""|\bin (?:[a-z]+s|celsius|fahrenheit|kelvin|[mck]?m|[mk]?g|ml|lb|oz|k?hz|k?wh|usd|eur|gbp)\b)"""
)

_OPENING = re.compile(
    r"""(?:(?:an?|the|this)\s+)?
    (?:
      (?:function|tool|method|api|endpoint)\s+(?!to\b|of\b|for\b|in\b|that\b|which\b|name\b)
      (?:(?:is|can\s+be|will|may\s+be)\s+)*(?:used\s+to\s+)?
      (?:(?:allows?|lets|enables?)\s+(?:you|users?|the\s+user|clients?)\s+(?:to\s+)?)?
    | (?:(?:optional|required|boolean)\s+)*(?:flag|boolean|parameter|argument|value|field|option|setting|switch)\s+
      (?:(?:is|that|which|will|used|to|for)\s+)*(?:determin|indicat|specif|defin|denot|represent|describ)\w*\s+
    | (?:used\s+to|use\s+this\s+(?:tool|function)\s+to|specif(?:y|ies)|indicat(?:es?|ing)|determines?|defines?
      |represents?|denotes?)\s+
    )?
    (?:(?:an?|the)\s+)?""",
    re.IGNORECASE | re.VERBOSE,
)
_TAIL = re.compile(r"\s+(?:of|for|in|on|from|about|within)\s+")
# What a clause may not end with once its tail is gone: "date of when", "to be looked".
_DANGLING = re.compile(
    r"\b(?:to(?: be)? \w+|(?:is|are|was|were|be|been) \w+|you \w+|when|where|who\w*|which|that|how|what|if|and"
    r"|or|than|as)$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s*[;–—]\s+|\s+-\s+|:\s+(?!\n)|,\s+(?=(?:e\.?g|i\.?e)\b|(?:such as|like|for example|which|where|including"
    r"|if|when|or|and|with|using|by|in|based)\b)"
)

_SIGN = re.compile(r"[^\s\w.,;:!?()\[\]'\"`“”‘’–—-]")  # a percent sign or an arrow says something without a word


def split_name(name: str) -> str:
    """The words of an identifier: ``user id`` for ``userId`` and ``user_id``."""
    return _CAMEL.sub(" ", name).replace("_", " ")


def words_of(*names: str) -> frozenset[str]:
    """Stems of the words of identifiers."""
    return _stems(" ".join(map(split_name, names)))


def is_telling(name: str) -> bool:
    """Whether an identifier tells by itself what it stands for: not ``q``, ``id`` or ``value``."""
    return any(len(word) >= _TELLING_LETTERS for word in words_of(name) - _FILLER)


def opens_with(names: Iterable[str]) -> re.Pattern[str]:
    """What finds a line that explains one of these parameters, as docstrings do: ``city (str): where it is``."""
    alternatives = "|".join(map(re.escape, names))
    return re.compile(rf"^\W*(?:{alternatives})`?\s*(?:\([^)]*\))?\s*[:–—-]")


def is_known(text: str, known: frozenset[str]) -> bool:
    """Whether nothing in a text is new to a reader who has read `known`; a text without words says nothing."""
    return _stems(text) <= known | _FILLER and not _SIGN.search(text)


def clauses(sentence: str) -> list[str]:
    """The sentence in pieces, each with the mark before it; together they are the sentence.

    A bracket is a piece of its own where the sentence does not go on behind it, else a part of what is around it. A
    sentence whose brackets do not match is one piece.
    """
    marks = {mark.start() for mark in _CLAUSE.finditer(sentence)}
    cuts, depth, opened = [], 0, 0
    for at, letter in enumerate(sentence):
        if at in marks and depth == 0:
            cuts.append(at)
        if letter in "([{":
            opened = at if depth == 0 else opened
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth < 0:
                return [sentence]
            ends = at + 1 in marks or not sentence[at + 1 : at + 2].strip(",;:.!?")
            if depth == 0 and ends and sentence[opened - 1 : opened + 1] == " (":
                cuts += (opened - 1, at + 1)
    if depth:
        return [sentence]
    bounds = sorted({0, *cuts, len(sentence)})
    return [sentence[a:b] for a, b in pairwise(bounds)]


def trim(clause: str, known: frozenset[str]) -> str:
    """A first clause without an opening that says nothing and an ending that repeats what is known."""
    opening = _OPENING.match(clause)
    if opening is not None and opening.end() < len(clause) and clause[opening.end()].isalnum():
        clause = clause[opening.end() :]
    for start in reversed([tail.start() for tail in _TAIL.finditer(clause, clause.rfind("(") + 1)]):
        if not is_known(clause[start:], known) or _DANGLING.search(clause[:start]):
            break
        clause = clause[:start]
    return clause
