"""Whether a vocabulary knows a text well enough to judge it."""

from __future__ import annotations

from sparing.select.wordpiece import WordPiece, words

_SAMPLES, _SAMPLE_CHARS = 4, 500
_LEAST_WHOLE = 0.7  # of the words; English prose has 0.8 and more, Spanish 0.5, German 0.4, Russian 0
_FEW_WORDS = 4  # say too little: a name and a number are not another language
_NUMBER_CHARS = frozenset("0123456789")


def is_known(text: str, pieces: WordPiece) -> bool:
    """Whether most words of a text, by a few samples of it, are in the vocabulary whole."""
    return share_known(text, pieces) >= _LEAST_WHOLE


def share_known(text: str, pieces: WordPiece) -> float:
    """Share of the words that the vocabulary has whole, numbers and punctuation aside; 1 where there are too few."""
    told = [word for word in words(_sample(text)) if len(word) > 1 and not _NUMBER_CHARS.intersection(word)]
    if len(told) < _FEW_WORDS and text.isascii():
        return 1.0
    return sum(map(pieces.is_whole, told)) / len(told) if told else 0.0


def _sample(text: str) -> str:
    if len(text) <= _SAMPLES * _SAMPLE_CHARS:
        return text
    step = (len(text) - _SAMPLE_CHARS) // (_SAMPLES - 1)
    return " ".join(text[start : start + _SAMPLE_CHARS] for start in range(0, len(text), step)[:_SAMPLES])
