"""The words by which passages are found: folded, cut to a stem, n-grams where a script writes no spaces."""

from __future__ import annotations

from sparing.core.passage import Chunk, Document
from sparing.reducers.stopwords import STOP
from sparing.reducers.terms import ends, text_words
from sparing.reducers.words import fold, stem

VERSION = 1  # of what a text's words are; a store remembers by which its passages were taken apart


def words_of(text: str) -> list[str]:
    """Every word of a text, in order."""
    return [stem(word) for word in text_words(fold(text))]


def chunk_words(document: Document, chunk: Chunk) -> list[str]:
    """What a chunk is found by: its own words and those of what stands above it."""
    return words_of(f"{chunk.heads}\n{document.text_of(chunk)}")


def question_words(question: str) -> list[str]:
    """What is looked for, each once: no words that every text has, unless there are no others."""
    asked = text_words(fold(ends(question)))
    return list(dict.fromkeys(stem(word) for word in [word for word in asked if word not in STOP] or asked))
