"""WordPiece as BERT reads it: text to piece numbers, word by word (Devlin et al. 2019; Schuster & Nakajima 2012).

Words repeat, so the pieces of each are kept: a text costs about one look-up per word, several times less than a general
tokenizer, and no dependency. Words are told apart as the uncased BERT tokenizer does: lower case, accents off, blanks
and punctuation between words, Chinese characters alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_LONGEST_WORD = 100  # characters; BERT calls a longer word unknown
_MOST_WORDS = 65_536  # kept with their pieces: a few megabytes
_ASCII_WORD = re.compile(r"[0-9a-z]+|[!-/:-@\[-`{-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_CHINESE_CHAR = re.compile(f"([{_CHINESE}])")


class WordPiece:
    """A vocabulary, and the pieces of the words seen so far. Safe to share between threads.

    Args:
        pieces: In the order of their numbers; those that go on within a word begin with ``##``.
    """

    def __init__(self, pieces: Iterable[str]) -> None:
        self._number: dict[str, int] = {piece: number for number, piece in enumerate(pieces)}
        self.unknown = self._number["[UNK]"]
        self.start = self._number["[CLS]"]
        self.end = self._number["[SEP]"]
        self._pieces: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._number)

    def ids(self, text: str) -> list[int]:
        """Piece numbers of a text, without start and end."""
        known = self._pieces.get
        return [piece for word in words(text) for piece in (known(word) or self.pieces(word))]

    def pieces(self, word: str) -> tuple[int, ...]:
        """Piece numbers of one word, as `words` gives it: the longest piece first, each time."""
        known = self._pieces.get(word)
        if known is None:
            known = self._cut(word)
            if len(self._pieces) >= _MOST_WORDS:
                self._pieces = {}  # another thread may still fill the old one: it loses nothing but time
            self._pieces[word] = known
        return known

    def is_whole(self, word: str) -> bool:
        """Whether the vocabulary has the word itself."""
        return word in self._number

    def _cut(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return (self.unknown,)
        found, start, size = [], 0, len(word)
        while start < size:
            end, piece = size, None
            prefix = "##" if start else ""
            while end > start and piece is None:
                piece = self._number.get(prefix + word[start:end])
                end -= 1
            if piece is None:
                return (self.unknown,)
            found.append(piece)
            start = end + 1
        return tuple(found)


def words(text: str) -> Sequence[str]:
    """The words of a text, folded, punctuation marks among them, in order."""
    if text.isascii() and not _CONTROL.search(text):
        return _ASCII_WORD.findall(text.lower())
    return _folded(text).split()


def _folded(text: str) -> str:
    """Lower case without accents and control characters, with blanks around punctuation and Chinese characters."""
    spaced = _CHINESE_CHAR.sub(r" \1 ", text)
    decomposed = unicodedata.normalize("NFD", spaced.lower())
    return decomposed.translate(_TRANSLATION)


class _Translation(dict[int, "int | str | None"]):
    """What becomes of a character, worked out when it is first seen: at most one entry per character of Unicode."""

    def __missing__(self, code: int) -> int | str | None:
        char = chr(code)
        category = unicodedata.category(char)
        value: int | str | None = code
        if category == "Mn":
            value = None
        elif char in "\t\n\r" or category == "Zs":
            value = " "
        elif category.startswith("C") or code == 0xFFFD:
            value = None
        elif category.startswith("P") or (char < "\x7f" and not char.isalnum()):
            value = f" {char} "
        self[code] = value
        return value


_TRANSLATION: Mapping[int, int | str | None] = _Translation()
