"""Is a text like anything that was calibrated? A function of the text and its ladder alone, so it reads the same in
every later turn.

What is unlike it in script, length, share of digits or in how its scores are spread says nothing about the risk: it
loses nothing until it is calibrated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from sparing.core.calibration import Likeness, Signs

_SAMPLE_CHARS = 600
_HALF = 0.5
_LENGTH_SLACK = 2.0  # how a ranking does changes slowly with length
_DIGITS_SLACK = 0.03
_FLAT_SLACK = 1.25
# First code points of Unicode's blocks, and what is written in them.
_SCRIPTS = (
    (0x0, "latin"),
    (0x370, "greek"),
    (0x400, "cyrillic"),
    (0x530, "other"),
    (0x590, "hebrew"),
    (0x600, "arabic"),
    (0x780, "other"),
    (0x900, "devanagari"),
    (0x980, "other"),
    (0xE00, "thai"),
    (0xE80, "other"),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, "other"),
    (0x3040, "kana"),
    (0x3100, "other"),
    (0x3400, "han"),
    (0xA000, "other"),
    (0xAC00, "hangul"),
    (0xD7B0, "other"),
    (0xF900, "han"),
    (0xFB00, "other"),
    (0x20000, "han"),
    (0x32000, "other"),
)
_STARTS = [start for start, _ in _SCRIPTS]


def signs_of(text: str, tokens: Sequence[int], worth: Sequence[float]) -> Signs:
    """The signs of a text and its ladder. Takes microseconds: characters are sampled.

    Args:
        tokens, worth: One entry per rung.
    """
    sample = text[:: 1 + len(text) // _SAMPLE_CHARS]
    digits = round(sum(map(str.isdigit, sample)) / (len(sample) or 1), 4)
    scripts = Counter(script_of(char) for char in sample if char.isalpha())
    script = max(sorted(scripts), key=scripts.__getitem__) if scripts else ""
    rung = min(bisect_right(worth, _HALF), len(worth) - 1)
    return Signs(tokens[-1], round(tokens[rung] / (tokens[-1] or 1), 6), digits, script)


def script_of(letter: str) -> str:
    """What script a letter belongs to, as coarsely as scorers care."""
    return _SCRIPTS[bisect_right(_STARTS, ord(letter)) - 1][1]


def unlike(signs: Signs, like: Likeness) -> str:
    """In what a text is unlike all that was calibrated; "" if in nothing."""
    fewest, most = round(like.tokens.least), round(like.tokens.most)
    if signs.script and signs.script not in like.scripts:
        return f"{signs.script} script"
    if not fewest / _LENGTH_SLACK <= signs.tokens <= most * _LENGTH_SLACK:
        return f"{signs.tokens:,} tokens, calibrated were {fewest:,} to {most:,}"
    if signs.digits > like.digits.most + _DIGITS_SLACK:
        return f"{signs.digits:.0%} digits, calibrated were at most {like.digits.most:.0%}"
    if signs.reach > min(1.0, like.reach.most * _FLAT_SLACK):
        return "no part of it stands out as it did in what was calibrated"
    return ""
