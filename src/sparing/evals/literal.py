"""Whether a literal string is visible in a text."""

from __future__ import annotations

import json
import re

# The newline, return or tab before a word may be written as an escape, whose letter is not part of the word.
_LEFT_OF_WORD = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))"
_LEFT_OF_NUMBER = r"(?:(?<![A-Za-z0-9_.])|(?<=\\[nrt]))"
_RIGHT_OF_WORD = r"(?![A-Za-z0-9_])"
_RIGHT_OF_NUMBER = r"(?![A-Za-z0-9_]|\.\d)"


def visible(text: str, literal: str) -> bool:
    """Whether `literal` stands in `text`, as it is or as JSON writes it.

    As part of a longer word or number it does not count; only letters and digits of ASCII make a word longer, since
    other scripts do not always set words apart.
    """
    forms = dict.fromkeys((literal, json.dumps(literal)[1:-1], json.dumps(literal, ensure_ascii=False)[1:-1]))
    return any(form in text and _bounded(form).search(text) for form in forms)


def _bounded(form: str) -> re.Pattern[str]:
    left = right = ""
    if _is_word(form[0]):
        left = _LEFT_OF_NUMBER if form[0].isdigit() else _LEFT_OF_WORD
    if _is_word(form[-1]):
        right = _RIGHT_OF_NUMBER if form[-1].isdigit() else _RIGHT_OF_WORD
    return re.compile(left + re.escape(form) + right)


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
