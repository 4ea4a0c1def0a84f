"""Words as they are compared: folded (no case, no accents), cut to a stem, and weighed by how rare they are."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

# Letters, digits and the marks that belong to them (`\w` leaves out the vowel signs of Hindi and Thai), no punctuation
# of any script, no underscore: the parts of snake_case are words.
WORD_CLASS = (
    r"0-9A-Za-zªµº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u0386\u0388-\u060b\u060d-\u061a\u0620-\u06d3"
    r"\u06d5-\u0963\u0966-\u0e4e\u0e50-\u0e59\u0e5c-\u1fff\u2c00-\u2dff\u3005\u3040-\u30ff\u3105-\u318f"
    r"\u3400-\u9fff\ua000-\ud7ff\uf900-\ufdff\ufe70-\ufeff\uff66-\uffdc\U00020000-\U0003ffff"
)
WORD = re.compile(f"[{WORD_CLASS}]+")
_SUFFIXES = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ers", "er"), ("ed", ""), ("es", ""), ("s", ""))
_COMMON_ID = 200_000  # o200k_base has this many tokens, the commonest first


def fold(text: str) -> str:
    """Lower case without accents, character for character: offsets in the result are offsets in `text`."""
    if text.isascii():
        return text.lower()
    folded = text.replace("İ", "i").lower()  # the one character whose lower case is two
    plain = _plain_letters()
    for letter in sorted(set(folded) & plain.keys()):
        folded = folded.replace(letter, plain[letter])
    return folded


@lru_cache(maxsize=1)
def _plain_letters() -> dict[str, str]:
    """Letter with accent -> letter without, for the Latin, Greek and Cyrillic blocks; Arabic's spelling variants."""
    plain = {"ı": "i", "ς": "σ", "ł": "l", "ø": "o", "đ": "d"}
    plain |= dict(zip("أإآٱىةی", "اااايهي", strict=True))
    for block in (range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000)):
        for letter in map(chr, block):
            base = unicodedata.normalize("NFD", letter)[0]
            if base != letter and base.isalpha() and letter == letter.lower():
                plain[letter] = plain.get(base, base)
    return plain


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A folded word without its English ending: plural, -ing, -ed, and a last e or y (``films``, ``filmed`` -> film).

    Light on purpose (after Harman 1991, "How effective is suffixing?"): a wrong stem costs more than a missed one, and
    the longer forms are met by their common beginning.
    """
    if not word.isascii() or word[:1].isdigit():
        return word
    for suffix, ending in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)] + ending
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word


@lru_cache(maxsize=16_384)
def rarity(word: str) -> float:
    """How rare a word is in writing at large, from about 0.3 (the commonest) to 1.3 (it takes four tokens or more).

    A byte-pair vocabulary lists its tokens by how early they were merged, which is by how common they are (Zipf), in
    every language it was trained on. So the rank in o200k_base stands in for a table of word frequencies. A text's own
    statistics are too small for that: among twenty passages the word "first" may well look rare.
    """
    from sparing.tokens.bpe import load_vocabulary

    ids = load_vocabulary("o200k_base").encoding.encode_ordinary(f" {word}")
    if len(ids) == 1:
        return math.log(2 + ids[0]) / math.log(_COMMON_ID)
    return 1.0 + 0.1 * (min(len(ids), 4) - 1)
