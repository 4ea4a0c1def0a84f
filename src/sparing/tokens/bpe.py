"""Exact counts through tiktoken, from vocabulary files shipped with the package: no download, no cache folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from sparing.errors import SettingsError
from sparing.fragments import Fragments
from sparing.tokens.memo import Memo
from sparing.tokens.pieces import byte_bounds, tokens_per_piece

if TYPE_CHECKING:
    from tiktoken import Encoding

# SHA-256 of the unpacked rank files, the values tiktoken itself checks.
_SHA256 = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}

# The pre-tokenizers that belong to these vocabularies, as published with tiktoken (`tiktoken_ext.openai_public`).
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_PATTERNS = {
    "o200k_base": "|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}",
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}


_WINDOW_CHARS = 200_000
_LOOK_BACK_CHARS = 20_000
_SAFE_CUT = re.compile(r"\n(?=\w)")


class Vocabulary(NamedTuple):
    """An encoding, and the length in bytes of each of its tokens by id."""

    encoding: Encoding
    token_bytes: Sequence[int]


@lru_cache
def load_vocabulary(name: str) -> Vocabulary:
    """Build the encoding from packaged ranks (about half a second, once per process).

    Raises:
        SettingsError: The file on disk is not the published vocabulary.
    """
    from tiktoken import Encoding

    packed = files("sparing.tokens.vocab").joinpath(f"{name}.tiktoken.gz").read_bytes()
    ranks_text = gzip.decompress(packed)
    if hashlib.sha256(ranks_text).hexdigest() != _SHA256[name]:
        raise SettingsError(f"the packaged vocabulary {name} is damaged", hint="reinstall sparing")
    fields = ranks_text.split()
    ranks = dict(zip(map(base64.b64decode, fields[::2]), map(int, fields[1::2]), strict=True))
    lengths = [0] * (max(ranks.values()) + 1)
    for token, rank in ranks.items():
        lengths[rank] = len(token)
    encoding = Encoding(name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={})
    return Vocabulary(encoding, lengths)


_SPLITS: Fragments[list[int]] = Fragments()


class BpeCounter:
    """Counts with a published byte-pair vocabulary. Implements `core.counter.Counter`."""

    exact = True

    def __init__(self, name: str) -> None:
        self.name = name
        self._memo = Memo(lambda text: sum(map(len, _encode(name, text))))

    def count(self, text: str) -> int:
        return self._memo(text) if text else 0

    def split(self, text: str, bounds: Sequence[int]) -> list[int]:
        if len(bounds) < 2:
            return []
        return list(_SPLITS.of(text, lambda: self._split(text, bounds), self.name, tuple(bounds)))

    def _split(self, text: str, bounds: Sequence[int]) -> list[int]:
        part = text[bounds[0] : bounds[-1]]
        token_bytes = load_vocabulary(self.name).token_bytes
        lengths = map(token_bytes.__getitem__, chain.from_iterable(_encode(self.name, part)))
        return tokens_per_piece(lengths, byte_bounds(text, bounds))


def _encode(name: str, text: str) -> Iterator[list[int]]:
    """Token ids, window by window: one match of the pre-tokenizer may take stack and time with its length."""
    encode = load_vocabulary(name).encoding.encode_ordinary
    start = 0
    while start < len(text):
        end = _window_end(text, start)
        yield encode(text[start:end])
        start = end


def _window_end(text: str, start: int) -> int:
    """Where to cut so that the count stays exact: between a line break and a word; at the limit if there is none."""
    end = start + _WINDOW_CHARS
    if end >= len(text):
        return len(text)
    cut = None
    for cut in _SAFE_CUT.finditer(text, max(start, end - _LOOK_BACK_CHARS), end):  # noqa: B007 - the last one counts
        pass
    return cut.start() + 1 if cut else end
