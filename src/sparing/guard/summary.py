"""Is what a model wrote about a text borne out by that text? Names and numbers that it has not got are invented."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_ID = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[^\W\d])[\w-]+")  # letters and digits in one word


def unsupported(summary: str, source: str) -> str:
    """The first number or identifier of a summary that its source does not hold; "" if it holds them all.

    Numbers are looked for as they are written, and without the signs that group their digits.
    """
    plain = source.replace(",", "")
    for pattern in (_ID, _NUMBER):
        for match in pattern.finditer(summary):
            found = match[0]
            if not _holds(source, found) and not _holds(plain, found.replace(",", "")):
                return found
    return ""


def _holds(text: str, found: str) -> bool:
    """Whether it is there by itself, not within a longer number."""
    return re.search(rf"(?<!\d){re.escape(found)}(?!\d)", text) is not None
