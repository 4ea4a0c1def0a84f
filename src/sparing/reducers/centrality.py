"""What each unit of a text is worth when nobody has asked anything: how much it tells for its tokens.

Names, numbers and the words that the text keeps coming back to, per token (SumBasic's idea: Nenkova & Vanderwende 2005,
"The impact of frequency on summarization"), with a premium for where writers put what matters: first in the text, and
first in each paragraph; and for warnings. What repeats an earlier unit is worth little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, filterfalse, pairwise

from sparing.core.deadline import Deadline
from sparing.reducers.passages import Layout
from sparing.reducers.stopwords import STOP
from sparing.reducers.warnings import warning_scores

_TERM = 0.3  # a recurring word, beside 1 for a name or a number
_OVERHEAD_TOKENS = 8  # a sentence of three tokens is not ten times as telling as one of thirty
_LEAD = 0.6  # beside 1 for the mean unit
_EARLY = 0.3
_REPEAT = 0.1  # what is left of the worth of a repetition
_SAME = 0.8  # share of words in common

_PUNCTUATION = '.,;:!?()[]{}"“”„«»‘’—–…|/。，、；：！？（）「」《》“”؟،؛।॥'
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_GRAMS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]{1,2}|[\u0e00-\u0e7f]{1,4}|[^\s\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
)
_SAMPLE_CHARS = 4096


def centrality(text: str, layout: Layout, tokens: Sequence[int], deadline: Deadline) -> list[float]:
    """One worth > 0 per unit.

    Args:
        tokens: Of each unit.
    """
    spaced = _without_punctuation(text)
    deadline.check()
    units = [_words(spaced[a:b]) for a, b in pairwise(layout.bounds)]
    deadline.check()
    terms = list(map(set, units))
    weights = _weights(terms)
    is_fact = _fact_test(text)
    telling = []
    for words, unit_terms, size in zip(units, terms, tokens, strict=True):
        facts = len(set(is_fact(words[1:])))  # a capital at the start of a sentence makes no name
        telling.append((facts + _TERM * sum(map(weights.__getitem__, unit_terms))) / (size + _OVERHEAD_TOKENS))
    deadline.check()
    mean = sum(telling) / len(telling) if telling else 0.0
    warnings = warning_scores(text, layout.bounds)
    worth = [value / (mean or 1.0) + warning for value, warning in zip(telling, warnings, strict=True)]
    return _by_place(layout, worth, _repeats(terms))


def _weights(terms: Iterable[set[str]]) -> dict[str, float]:
    """The more units have a term, the more the text is about it; function words do not count."""
    counts = Counter(chain.from_iterable(terms))
    once = math.log(2)
    return {term: once if n == 1 else 0.0 if term.lower() in STOP else math.log(1 + n) for term, n in counts.items()}


def _without_punctuation(text: str) -> str:
    """The same text, character for character, with blanks for punctuation."""
    for mark in _PUNCTUATION:
        text = text.replace(mark, " ")
    return text


def _words(unit: str) -> list[str]:
    return _GRAMS.findall(unit) if not unit.isascii() and _UNSPACED.search(unit) else unit.split()


def _fact_test(text: str) -> Callable[[Iterable[str]], Iterator[str]]:
    """Picks names and numbers: words with no lower case alone; in a script without case, digits."""
    sample = text[:_SAMPLE_CHARS]
    if sum(map(str.islower, sample)) > len(sample) / 4:
        return lambda words: filterfalse(str.islower, words)
    return lambda words: filter(str.isdigit, words)


def _by_place(layout: Layout, telling: Sequence[float], repeats: Sequence[bool]) -> list[float]:
    size = len(telling)
    passage_of = [-1, *layout.passage_of, -1]
    worth = []
    for unit, value in enumerate(telling):
        before, passage, after = passage_of[unit : unit + 3]
        leads = before != passage == after and not layout.turns
        place = value + _LEAD * leads + _EARLY * (1 - unit / size)
        worth.append(place * (_REPEAT if repeats[unit] else 1.0))
    return worth


def _repeats(terms: Sequence[set[str]]) -> list[bool]:
    """Whether a unit has nearly the same words as an earlier one.

    Only the last unit with the same first and last word in the alphabet is compared, so that the time is linear; a
    repetition that changes one of the two is taken for new.
    """
    known: dict[tuple[str, str], set[str]] = {}
    repeats = []
    for unit in terms:
        ends = (min(unit), max(unit)) if unit else ("", "")
        other = known.get(ends)
        repeats.append(other is not None and len(unit & other) >= _SAME * max(len(unit), len(other)))
        known[ends] = unit
    return repeats
