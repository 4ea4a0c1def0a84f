"""Whether two answers say the same, as far as words and numbers tell."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import msgspec

from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.same_answer import same_answer
from sparing.generate.cache.semantic.wording import take_apart

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION = re.compile(r"\b(?:not?|never|none|cannot)\b|n['’]t\b", re.IGNORECASE)
_FILLER = frozenset(("a", "an", "the", "is", "are", "was", "were", "it", "of", "in", "to", "and"))
_CHOICE = re.compile(
    r"""[\s("'*\[]*(?:(?:the )?(?:correct |right |best )?(?:answer|option|choice)(?: is)?[\s:("'*]*)?"""
    r"""([A-H])(?:[\s).,:"'*\]]|\Z)""",
    re.IGNORECASE,
)
_LETTER_CHARS = 60  # a longer answer that begins with "A" begins with the article
_SHORT_WORDS = 12
_LEAST_F1 = 0.6  # of words; paraphrases of one answer lie above, answers to one question that differ mostly below


def agree(one: str, other: str) -> bool:
    """Whether two answers to one request agree.

    The same numbers and as many negations, and most words in common; of short answers it is enough that one has all
    words of the other. Errs towards no: what is counted as different costs a stronger answer, nothing else.
    """
    if set(_NUMBER.findall(one)) != set(_NUMBER.findall(other)):
        return False
    if len(_NEGATION.findall(one)) != len(_NEGATION.findall(other)):
        return False
    a, b = _words(one), _words(other)
    if not a or not b:
        return one.strip() == other.strip()
    shared = sum((a & b).values())
    fewer, more = sorted((a.total(), b.total()))
    if more <= _SHORT_WORDS:
        return shared == fewer
    return 2 * shared / (fewer + more) >= _LEAST_F1


def same_vote(one: str, other: str) -> bool:
    """Whether two drawn answers vote for the same: the same letter, the same JSON, the same text, or `agree`, and where
    they are long have the same names and units too."""
    letters = _letter(one), _letter(other)
    if all(letters):
        return letters[0] == letters[1]
    values = _json(one), _json(other)
    if None not in values:
        return bool(values[0] == values[1])
    if same_answer(one, other):
        return True
    if not agree(one, other):
        return False
    is_short = max(_words(one).total(), _words(other).total()) <= _SHORT_WORDS
    return is_short or not disagreement(take_apart(one), take_apart(other))


def _letter(text: str) -> str:
    """The choice that an answer names, where it is one."""
    found = _CHOICE.match(text) if len(text) <= _LETTER_CHARS else None
    is_word = found is not None and found[1] in ("a", "A") and text[found.end() :].lstrip()[:1].isalpha()
    return found[1].upper() if found is not None and not is_word else ""


def _json(text: str) -> Any:
    """The object or array that an answer is; None where it is none."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _words(text: str) -> Counter[str]:
    return Counter(word for word in _WORD.findall(text.lower()) if word not in _FILLER)
