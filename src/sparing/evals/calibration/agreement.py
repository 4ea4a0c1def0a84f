"""Texts without labels: a loss is an answer that is no longer the one that the whole text got.

The model is asked with the whole text, and with what a few levels of worth leave of it. Two answers agree if they have
the same numbers and share most of their words; or if one is contained in the other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from sparing.core.ladder import Rendition, Skip
from sparing.evals.calibration.examples import Example
from sparing.evals.calibration.traces import Trace, trace

Answer = Callable[[str, str], str]
"""(material, question) -> what a model answers; the same every time, as far as the model allows."""

EVERY = 16  # level is asked at: about ten questions a text
_SHARED = 0.5  # harmonic mean of the shares of words that are in both
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Agreeing(Example):
    """An example whose loss is that the answer changes."""

    answer: Answer = lambda material, question: ""
    whole: str = ""

    def lost(self, rendition: Rendition) -> float:
        """1 if the answer to what is left is another one. What loses nothing is not asked about."""
        if not rendition.elisions:
            return 0.0
        return float(not agree(self.whole, self.answer(rendition.text, self.question)))


def trace_by(answer: Answer) -> Callable[[Example], Trace | Skip]:
    """What each level loses of an example, by what a model answers; the levels between count as the one below."""

    def traced(example: Example) -> Trace | Skip:
        asked = Agreeing(
            example.text,
            example.question,
            source=example.source,
            group=example.group,
            name=example.name,
            is_result=example.is_result,
            answer=answer,
            whole=answer(example.text, example.question),
        )
        found = trace(asked, every=EVERY)
        return found if isinstance(found, Skip) else replace(found, example=example)

    return traced


def agree(one: str, other: str) -> bool:
    """Whether two answers say the same, as far as words and numbers tell."""
    if Counter(_NUMBER.findall(one)) != Counter(_NUMBER.findall(other)):
        return False
    a, b = Counter(_WORD.findall(one.lower())), Counter(_WORD.findall(other.lower()))
    if not a or not b:
        return a == b
    shared = (a & b).total()
    return shared in (a.total(), b.total()) or 2 * shared / (a.total() + b.total()) >= _SHARED
