"""The words by which passages are found: folded, cut to a stem, n-grams where a script writes no spaces.

What a text's words are is part of a store's version (`schema.VERSION`): what was put in by others is not found again.
"""

from __future__ import annotations

from sparing.reducers.stopwords import STOP
from sparing.reducers.terms import ends, text_words
from sparing.reducers.words import fold, stem


def words_of(heads: str, text: str) -> list[str]:
    """What a passage is found by, in order: the words of what stands above it and its own."""
    return [stem(word) for word in text_words(fold(f"{heads}\n{text}"))]


def question_words(question: str) -> list[str]:
    """What is looked for, each once: no words that every text has, unless there are no others."""
    asked = text_words(fold(ends(question)))
    return list(dict.fromkeys(stem(word) for word in [word for word in asked if word not in STOP] or asked))
