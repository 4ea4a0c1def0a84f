"""Exceptions that stand elsewhere: what says that section 5 does not apply belongs to whoever reads section 5.

Statutes, contracts and handbooks state a rule in one place and take from it in another, often with none of the
question's words: "Section 5 does not apply to the crew of a working vessel". It is found by the rule's number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sparing.core.passage import Passage
from sparing.reducers.sentences import sentence_bounds

_WORD = r"(?:sections?|secs?\.|articles?|arts?\.|clauses?|rules?|paragraphs?|paras?\.|§§?|abschnitt|artikel|nr\.)"
_LABEL = r"\d{1,4}[a-z]?(?:\.\d{1,3}){0,3}"
# "## 5. Living on board", "### Section 5. Living on board", "Section 5 Living on board"; "Section 5 does not" is none.
_HEAD = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]*(?:{_WORD}\s*)?(?P<marked>{_LABEL})\b"
    rf"|(?:\*\*)?{_WORD}\s*(?P<bare>{_LABEL})(?:[.:)]|[ \t]*$|[ \t]+(?:[-–—(]|(?-i:[A-Z])))[^\n.;,]{{0,80}}$)",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(rf"{_WORD}\s*({_LABEL}(?:(?:\s*,\s*|\s*(?:and|or|to|und|bis|-|–)\s*){_LABEL})*)", re.IGNORECASE)
_EXCEPTS = re.compile(
    r"\b(?:(?:does|do|shall|is|are|will) not (?:apply|stand|extend|forbid|prevent|limit|affect)|notwithstanding"
    r"|by way of exception|exceptions? (?:from|to)|except(?:ed|ion)?\b|exempt|derogat\w+|instead of|in place of|despite"
    r"|subject to|free (?:from|of)|unless|no fee|half of|gilt nicht|gelten nicht|abweichend von|ausgenommen)",
    re.IGNORECASE,
)

_EXCEPTS_FROM_ALL = re.compile(
    r"\bthis (?:ordinance|act|law|statute|regulation|policy|agreement|contract|handbook|code)"
    r"\s+(?:does|shall) not apply",
    re.IGNORECASE,
)


def section_of(passage: Passage, at: int) -> str:
    """The number of the section that a character of a passage's text stands in; "" where it has none."""
    above = f"{passage.heads}\n{passage.text[:at]}"
    heads = [match["marked"] or match["bare"] for match in _HEAD.finditer(above)]
    return heads[-1].lower() if heads else ""


def exceptions_from(section: str, passage: Passage) -> Iterator[tuple[int, int]]:
    """Where sentences of a passage stand that take something from a section of the same document."""
    bounds = sentence_bounds(passage.text)
    for first, end in zip(bounds, bounds[1:], strict=False):
        start = max(first, passage.text.rfind("\n\n", first, end - 2) + 2)  # what is left of a heading stays behind
        sentence = passage.text[start:end]
        from_it = _EXCEPTS.search(sentence) and section in _named(sentence) and section_of(passage, start) != section
        if from_it or _EXCEPTS_FROM_ALL.search(sentence):
            yield start, end


def _named(sentence: str) -> set[str]:
    """The sections that a sentence names, ranges spelt out."""
    named: set[str] = set()
    for match in _NAMED.finditer(sentence):
        named.update(number.lower() for number in re.findall(_LABEL, match[1]))
        for low, high in re.findall(r"(\d{1,3})\s*(?:to|bis|-|–)\s*(\d{1,3})", match[1]):
            named.update(str(number) for number in range(int(low), min(int(high), int(low) + 50) + 1))
    return named
