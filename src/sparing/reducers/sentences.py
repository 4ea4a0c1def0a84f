"""Where the sentences of a text are, in any script.

A regular expression proposes boundaries. What is plain is decided here; a full stop after a short word, an initial or
a number is put before nupunkt (trained Punkt, Kiss & Strunk 2006) on a small window, because asking it about the whole
text would cost several times what all other work on the text does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from sparing.core.deadline import Deadline

LONG_CHARS = 600  # about 130 tokens of English: a longer unit is cut at a clause, so that it need not go or stay whole
_CLAUSE_CHARS = 400  # what a piece of a long unit aims for
_THAI_CHARS = 80  # Thai writes spaces between clauses, not words, and has no full stop: one or two clauses a unit
_WIDE_CHARS = 160  # a long unit in scripts that write a word in one or two characters
_LONG_LINE = 48  # characters; a shorter line is no line that was broken to fit a width
_CRUMB_BYTES = 9  # the mark of a gap and a blank take six
_MAX_DOUBTS = 4_000  # questions put to nupunkt per text; beyond that a text is no prose, and a stop is a stop

_CLOSERS = r"""["'”’»›)\]】」』）》]*(?:\[\d{1,3}\])*"""
# It begins with one character class, so that `re` skips what can be no boundary at C speed. One terminator, not a run,
# comes before the blanks: a run of dots must not be scanned once per dot.
_STOP = re.compile(
    rf"[.!?…\n。！？｡।॥؟۔;;](?:(?<=[.!?…]){_CLOSERS}\s+|(?<=\n)\s*"
    rf"|(?<=[。！？｡।॥؟۔])(?![。！？｡।॥؟۔]){_CLOSERS}\s*|(?<=[Ͱ-Ͽἀ-῿][;;]){_CLOSERS}\s+)"
)
_LOWER = "a-zà-öø-ÿа-яёα-ώ"
_SOFT_BREAK = re.compile(rf"\n(?=[ \t]*[{_LOWER}])(?<=[^\n]{{{_LONG_LINE}}}[^\n.!?:;…]\n)")
_LONG_BREAK = re.compile(rf"\n(?=[ \t]*\S)(?<=[^\n]{{{_LONG_LINE}}}[^\n.!?:;…]\n)")
_LIST_ITEM = re.compile(r"(?:[-*•–+>#|]|\(?\w{1,3}[.)])[ \t]")
_LAST_WORD = re.compile(r"""[^\s"'“‘«(\[]*\Z""")
# Words that often have a full stop inside a sentence, though they have no capital or more than three letters.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        """
        abb al art bl bzw ca cf chap co dgl ed eg etc evtl fig ggf ie inkl jr kap lb lbs max mil min mio mrd no nr num
        oz op pag pp pt sec sog sr sra ss st tab tel ud usf usw vd vgl vol vs κλπ πχ
        гг др им млн млрд обл оз пр руб см ст стр тыс ул
        Abs Assn Ariz Aufl Bros Calif Capt Cmdr Colo Conn Corp Dept Dipl Gebr Hrsg Inst Mass Mich Minn Miss Okla Penn
        Prof Sept Sgts Supt Tenn Univ Wash
        """,
    )
)
_GERMAN_ORDINAL = re.compile(r"(?:am|vom|zum|der|dem|den|des|im|ab|bis|seit|und) \d{1,2}\Z", re.IGNORECASE)
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Where a long unit may be cut, best first; the cut is after the match.
_CUTS = tuple(map(re.compile, (r"[.!?…]\s+", r"\n+|[;；]\s*", r"[:：–—]\s+|[，、]|,\s+", r"\s+")))


def sentence_bounds(text: str, deadline: Deadline | None = None) -> list[int]:
    """Character offsets of n + 1 bounds; sentence i, trailing blanks included, is ``text[bounds[i]:bounds[i + 1]]``.

    The sentences together are the text. Headings, list items and, unless the text is hard-wrapped, lines end a
    sentence too. Empty text has no sentence: ``[0]``.
    """
    deadline = deadline or Deadline()
    bounds = [0]
    for end in _ends(text, deadline):
        if not _is_crumb(text, bounds[-1], end):
            cut_long(text, bounds, end)
    if len(bounds) > 1 and _is_crumb(text, bounds[-1], len(text)):
        bounds[-1] = len(text)
    elif bounds[-1] < len(text):
        cut_long(text, bounds, len(text))
    return bounds


def _is_crumb(text: str, start: int, end: int) -> bool:
    """Whether it is about as short as the mark of a gap ("Yes.", "1.") and so stays with what follows."""
    return end - start < _CRUMB_BYTES and len(text[start:end].encode("utf-8", "replace")) < _CRUMB_BYTES


def _ends(text: str, deadline: Deadline) -> Iterator[int]:
    wrapped = is_wrapped(text)
    doubts = seen = 0
    for match in _STOP.finditer(text):
        seen += 1
        if not seen % 512:
            deadline.check()
        start, end = match.span()
        mark = text[start]
        if mark == "\n":
            if _breaks_here(text, start, end, wrapped):
                yield end
            continue
        if mark not in ".!?…" or "\n\n" in match[0]:
            yield end
            continue
        if text[end : end + 1].islower():
            continue
        if mark == "." and (word := _doubtful_word(text, start)) is not None:
            doubts += 1
            if doubts <= _MAX_DOUBTS and not _ends_sentence(text, start, end, word):
                continue
        yield end


def is_wrapped(text: str) -> bool:
    """Whether lines were broken to fit a width: then many long lines end in mid-sentence."""
    breaks = sum(1 for _ in _LONG_BREAK.finditer(text))
    return breaks > 1 and sum(1 for _ in _SOFT_BREAK.finditer(text)) > 0.2 * breaks


def _breaks_here(text: str, start: int, end: int, wrapped: bool) -> bool:
    """Whether the line end ``text[start:end]``, blanks included, is more than a place where a line was broken."""
    if "\n" in text[start + 1 : end] or _LIST_ITEM.match(text, end) or text[start - 1 : start] in ":;":
        return True
    if text.rfind("\n", max(0, start - _LONG_LINE), start) >= 0 or start < _LONG_LINE:
        return True
    return not (wrapped or text[end : end + 1].islower())


def _doubtful_word(text: str, stop: int) -> str | None:
    """The word before a full stop when it may be an abbreviation, an initial or an ordinal; else None."""
    before = text[max(0, stop - 16) : stop]
    if before[-4:].isalpha() and before[-4:].islower():
        return None
    word = before[_LAST_WORD.search(before).start() :]  # type: ignore[union-attr]  # matches at the end at worst
    if not word or len(word) >= 6 or not word[-1].isalnum():
        return None
    if word.isdigit():
        return word if len(word) < 3 else None
    short_name = len(word) <= 3 and word[0].isupper()
    return word if short_name or len(word) == 1 or "." in word or word in _ABBREVIATIONS else None


def _ends_sentence(text: str, stop: int, end: int, word: str) -> bool:
    if word.isdigit():
        line = text.rfind("\n", max(0, stop - 8), stop) + 1
        if not text[line if line else max(0, stop - 8) : stop].strip().removesuffix(word) and (line or stop <= 8):
            return False  # "1. First item": the number belongs to what follows
        if _GERMAN_ORDINAL.search(text, max(0, stop - 10), stop):
            return False
    left = text[max(0, stop - 40) : end].split(None, 1)[-1] if stop > 40 else text[:end]
    return _ask_nupunkt(left.rstrip(), text[end : end + 24].rsplit(None, 1)[0] if end < len(text) else "")


@lru_cache(maxsize=8192)
def _ask_nupunkt(left: str, right: str) -> bool:
    from nupunkt import sent_spans

    size = len(left)
    return any(end in (size, size + 1) for _, end in sent_spans(f"{left} {right}")[:-1])


def cut_long(text: str, bounds: list[int], end: int) -> None:
    """Append `end` to the bounds; before it, inner bounds when what lies between is too long for one unit."""
    start = bounds[-1]
    size = end - start
    if size > _THAI_CHARS and _WIDE.search(text, start, min(end, start + LONG_CHARS)):
        if _THAI.search(text, start, min(end, start + LONG_CHARS)):
            bounds.extend(_pieces(text, start, end, _THAI_CHARS))
        elif size > _WIDE_CHARS:
            bounds.extend(_pieces(text, start, end, _WIDE_CHARS))
    elif size > LONG_CHARS:
        bounds.extend(_pieces(text, start, end, _CLAUSE_CHARS))
    bounds.append(end)


def _pieces(text: str, start: int, end: int, aim: int) -> Iterator[int]:
    """Inner bounds that cut a long stretch into pieces of about `aim` characters, at the strongest break near by."""
    while end - start > 1.5 * aim:
        cut = _cut(text, start + aim // 2, start + aim + aim // 2)
        if cut is None:
            return
        yield cut
        start = cut


def _cut(text: str, low: int, high: int) -> int | None:
    for pattern in _CUTS:
        cuts = [match.end() for match in pattern.finditer(text, low, high)]
        if cuts:
            return cuts[bisect_left(cuts, (low + high) // 2) - 1 if cuts[-1] >= (low + high) // 2 else -1]
    return None
