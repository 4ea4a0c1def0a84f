"""Texts as word pieces, and passages with the unit of each piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from sparing.select.training.corpus import Passage

QUESTION_PIECES, PASSAGE_PIECES = 64, 382  # without the marks around them


@dataclass(frozen=True, slots=True)
class Pieces:
    """A passage as the encoder reads it.

    Attributes:
        ids: Word pieces between [CLS] and [SEP].
        unit_of: Unit of each piece, -1 for the two marks.
    """

    ids: tuple[int, ...]
    unit_of: tuple[int, ...]


class Cutter:
    """The base model's WordPiece tokenizer."""

    def __init__(self, base: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def questions(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """``[CLS] question [SEP]`` of each; long ones are cut."""
        return [_within(encoding.ids, QUESTION_PIECES) for encoding in self._tokenizer.encode_batch(list(texts))]

    def passages(self, passages: Sequence[Passage]) -> list[Pieces]:
        """``[CLS] passage [SEP]`` of each; long ones are cut."""
        encodings = self._tokenizer.encode_batch([passage.text for passage in passages])
        result = []
        for passage, encoding in zip(passages, encodings, strict=True):
            ids = _within(encoding.ids, PASSAGE_PIECES)
            last = len(passage.cuts) - 2
            starts = [start for start, _ in encoding.offsets[1 : len(ids) - 1]]
            units = [min(last, bisect_right(passage.cuts, start) - 1) for start in starts]
            result.append(Pieces(ids, (-1, *units, -1)))
        return result


def _within(ids: Sequence[int], limit: int) -> tuple[int, ...]:
    return tuple(ids) if len(ids) <= limit + 2 else (*ids[: limit + 1], ids[-1])
