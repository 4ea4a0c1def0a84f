"""Log templates: which lines of a log are the same statement with other values.

Two lines share a template when they are equal once numbers, hex words, month and weekday names are masked, or when they
differ in words at one place and that place is seen to vary: at least `_VARIANTS` different words there with all else
equal. Words that vary at a place in one template are taken to vary there in all.

Source: the fixed-length token comparison of Drain (He et al., ICWS 2017, section III) and the positional word evidence
of SLCT (Vaarandi, IPOM 2003). Instead of Drain's tree and similarity threshold, a place is opened only by counted
evidence, because a merged template costs a kind of line, and one too many costs a few tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub

from sparing.core.deadline import Deadline

GLUE = "\x1f"
"""Stands for every space that follows a space, so that splitting at spaces gives no empty token for padding."""

NUMBER = re.compile(r"(?:(?<![^ _=(:,\n])-)?[0-9]+")
"""What `mask` masks; at the start of a text too."""

_VARIANTS = 5  # "user root|guest|test" are kinds of line; a fifth word makes it a name
_ROUNDS = 3
_MIN_WORDS, _MAX_WORDS = 3, 64
_MAX_LEARNT = 50_000  # patterns of one size that evidence is gathered from: bounds the memory
_ANY, _ECHO = "*", "\x1e"
_ECHO_LEN = 4
_SEPARATORS = '",\t|;'
_FEW_SPACES = 3  # fewer than this to a line, and words are taken to be separated otherwise

_DIGITS = str.maketrans("123456789", "000000000")
_SIGNED = tuple((f"{before}-0", f"{before}0") for before in " _=(:,\n")
_NAMES = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
_MIXED = re.compile(r"0[A-Za-z]+0[A-Za-z0]*")  # digits, letters, digits: hex, uuid parts, base-36 ids
_HEX = re.compile(r"\b(?:0[xX][a-fA-F0]+|[a-fA-F]{1,16}0[a-fA-F0]*|0[a-fA-F0]+)\b")
_WEIGHTS = tuple(pow(6364136223846793005, place + 1, (1 << 61) - 1) for place in range(_MAX_WORDS))  # any large numbers


@dataclass(frozen=True, slots=True)
class Templates:
    """A log's lines by template.

    Attributes:
        lines: The lines, without what ends them.
        glued: The same, see `glue`.
        separator: What stands between words.
        newline: What ends a line: LF, or CR LF where that is so for all.
        closed: Whether the last line is ended too.
        keys: The different masked lines, in order of appearance.
        key_of: Index into `keys` for each line.
        members: For each template the indexes of its lines, ascending; templates in order of their first line.
    """

    lines: Sequence[str]
    glued: Sequence[str]
    separator: str
    newline: str
    closed: bool
    keys: Sequence[str]
    key_of: Sequence[int]
    members: Sequence[Sequence[int]]


def glue(text: str) -> str:
    """`text` with every space after a space replaced by `GLUE`: the same length, undone by the reverse replacement."""
    if "  " not in text:
        return text
    text = text.replace("  ", " " + GLUE)
    while GLUE + " " in text:
        text = text.replace(GLUE + " ", GLUE + GLUE)
    return text


def mask(text: str) -> str:
    """`text` with every number as ``0``: a run of digits, with its sign where that cannot be a dash (see `NUMBER`)."""
    text = text.translate(_DIGITS)
    while "00" in text:
        text = text.replace("0000", "0").replace("00", "0")
    for signed, plain in _SIGNED:
        text = text.replace(signed, plain)
    return text


def mine(text: str, deadline: Deadline) -> Templates:
    """Sort the lines of a log into templates. Linear in the text.

    Raises:
        DeadlineExceeded: The time was up first.
    """
    newline = "\r\n" if text.count("\r\n") == text.count("\n") else "\n"
    body = text.removesuffix(newline)
    separator = _separator(body)
    glued = glue(body) if separator == " " else body
    masked = mask(glued).replace(GLUE + "0", "0").split(newline)
    index: dict[str, int] = {}
    key_of = [index.setdefault(key, len(index)) for key in masked]
    keys = list(index)
    deadline.check()
    template_of_key = _merge(_mask_words(keys), separator, deadline)
    members: list[list[int]] = []
    seen: dict[int, list[int]] = {}
    for line, key in enumerate(key_of):
        template = template_of_key[key]
        found = seen.get(template)
        if found is None:
            found = seen[template] = []
            members.append(found)
        found.append(line)
    lines = body.split(newline)
    return Templates(lines, glued.split(newline), separator, newline, body != text, keys, key_of, members)


def _separator(body: str) -> str:
    """A space, or what stands between words where spaces hardly do: JSON without spaces, tables."""
    lines = body.count("\n") + 1
    best = max(_SEPARATORS, key=body.count)
    return best if body.count(" ") < lines * _FEW_SPACES < body.count(best) else " "


def _mask_words(keys: Sequence[str]) -> list[str]:
    text = _MIXED.sub("0", "\n".join(keys))
    return _NAMES.sub("0", _HEX.sub("0", text)).split("\n")


def _merge(keys: Sequence[str], separator: str, deadline: Deadline) -> list[int]:
    """For each masked line the number of its template."""
    patterns = [_with_echoes(tuple(key.split(separator))) for key in keys]
    by_size: dict[int, list[int]] = {}
    for index, pattern in enumerate(patterns):
        by_size.setdefault(len(pattern), []).append(index)
    for size, same_size in by_size.items():
        if _MIN_WORDS <= size <= _MAX_WORDS and len(same_size) >= _VARIANTS:
            opened = _open([patterns[index] for index in same_size], deadline)
            for index, pattern in zip(same_size, opened, strict=True):
                patterns[index] = pattern
    index_of: dict[tuple[str, ...], int] = {}
    return [index_of.setdefault(pattern, len(index_of)) for pattern in patterns]


def _with_echoes(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, with a long one that stands a second time (a host named twice) as a reference to the first."""
    if len(set(words)) == len(words) or len(words) > _MAX_WORDS:
        return words
    first: dict[str, int] = {}
    return tuple(
        [
            word if len(word) < _ECHO_LEN or first.setdefault(word, place) == place else f"{_ECHO}{first[word]}"
            for place, word in enumerate(words)
        ]
    )


def _open(patterns: Sequence[tuple[str, ...]], deadline: Deadline) -> list[tuple[str, ...]]:
    """Patterns of one size, with every word that is seen to vary replaced by `_ANY`."""
    opened = list(patterns)
    for _ in range(_ROUNDS):
        different = list(dict.fromkeys(opened))
        varying = _varying_words(different[:_MAX_LEARNT], deadline)
        if not any(varying):
            break
        new = {
            pattern: tuple([_ANY if word in words else word for word, words in zip(pattern, varying, strict=True)])
            for pattern in different
        }
        opened = [new[pattern] for pattern in opened]
    anywhere = frozenset(f"{_ECHO}{place}" for place in range(_MAX_WORDS))
    return [
        tuple([_ANY if word in anywhere and pattern[int(word[1:])] == _ANY else word for word in pattern])
        for pattern in opened
    ]


def _varying_words(patterns: Sequence[tuple[str, ...]], deadline: Deadline) -> list[set[str]]:
    """For each place the words there that are one of many in otherwise equal patterns.

    Args:
        patterns: All different, and of one size.

    A pattern is a sum of one random number per place and word; without its own share at a place the sum says what the
    rest is. Works on whole columns, so that the cost is a few operations per word.
    """
    shares: dict[int, list[int]] = {}
    open_to: list[int] = []
    for place, column in enumerate(zip(*patterns, strict=True)):
        deadline.check()
        words = dict.fromkeys(column)
        if len(words) > 1:
            numbers = {word: number * _WEIGHTS[place] for number, word in enumerate(words, 1)}
            shares[place] = [numbers[word] for word in column]
            if len(words) >= _VARIANTS:
                open_to.append(place)
    sums = list(map(sum, zip(*shares.values(), strict=True)))
    variants: list[list[int]] = []
    for place in open_to:
        rest = list(map(sub, sums, shares[place]))
        sizes = Counter(rest)
        variants.append([sizes[key] for key in rest])
    varying: list[set[str]] = [set() for _ in patterns[0]]
    for pattern, found in zip(patterns, zip(*variants, strict=True), strict=False):
        most = max(found)
        if most >= _VARIANTS:
            place = open_to[found.index(most)]
            varying[place].add(pattern[place])
    for words_there in varying:
        words_there -= {_ANY, ""}  # something against nothing is another kind of line
    return varying
