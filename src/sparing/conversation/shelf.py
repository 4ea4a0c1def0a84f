"""Texts of which earlier turns left something out, found again by the words of a later question.

An index from words to texts, grown turn by turn, so that looking costs what the question has words, not what the
conversation has tokens. It says which texts are worth a closer look; `resupply` looks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from sparing.fragments import Fragments
from sparing.reducers.terms import Form, Term, grade, question_terms, text_words
from sparing.reducers.words import fold

_PREFIX = 3  # characters by which kin of a word are found; no anchor of three letters or more is missed
_SATURATION = 1.5  # as in BM25: the tenth mention says little more than the third
_LEAST_COVERED = 0.15  # of the question's weight: with less in common a text has nothing to do with it
_LEAST_SHARE = 0.5  # of the best text's score

_WORDS: Fragments[Counter[str]] = Fragments()


class Shelf:
    """A text is known by a number that the caller gives it."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[int, int]] = {}
        self._by_prefix: dict[str, list[str]] = {}
        self._numbers: set[int] = set()

    def put(self, number: int, text: str) -> None:
        """Remember a text of which something was left out.

        All of its words count, not only those that were left out: what names the subject may well have stayed.
        """
        words = _WORDS.of(text, lambda: Counter(text_words(fold(text))))
        self._numbers.add(number)
        for word, count in words.items():
            texts = self._counts.get(word)
            if texts is None:
                texts = self._counts[word] = {}
                self._by_prefix.setdefault(word[:_PREFIX], []).append(word)
            texts[number] = count

    def find(self, question: str, most: int) -> list[int]:
        """At most `most` texts that have to do with a question, best first."""
        terms = question_terms(question)
        scores: dict[int, float] = {}
        covered: dict[int, float] = {}
        for term in terms:
            counts = self._of_term(term)
            rarity = term.weight * math.log(1 + (len(self._numbers) + 0.5) / (len(counts) + 0.5))
            for number, count in counts.items():
                scores[number] = scores.get(number, 0.0) + rarity * count / (count + _SATURATION)
                covered[number] = covered.get(number, 0.0) + term.weight
        asked = sum(term.weight for term in terms)
        able = sorted((n for n in scores if covered[n] >= _LEAST_COVERED * asked), key=lambda n: (-scores[n], n))
        return [n for n in able[:most] if scores[n] >= _LEAST_SHARE * scores[able[0]]]

    def _of_term(self, term: Term) -> dict[int, float]:
        """How often (grades added up) a term is in each text."""
        found: dict[int, float] = {}
        for form in term.forms:
            for word in self._kin(form):
                value = grade(form, word)
                for number, count in self._counts[word].items() if value else ():
                    found[number] = max(found.get(number, 0.0), value * count)
        return found

    def _kin(self, form: Form) -> Iterator[str]:
        """Known words that begin with the form's anchor."""
        if len(form.anchor) < _PREFIX:
            if form.anchor in self._counts:
                yield form.anchor
            return
        for word in self._by_prefix.get(form.anchor[:_PREFIX], ()):
            if word.startswith(form.anchor):
                yield word
