"""Texts that have broken parsers before. Nothing here is valid, short or friendly."""

from __future__ import annotations

_LONG = 100_000


def hostile_texts() -> dict[str, str]:
    """Name -> text; each is at most a few hundred kilobytes."""
    return {
        "empty": "",
        "whitespace": " \n\t\r\n  \u00a0\u2003\n",
        "one character": "a",
        "one long word": "a" * _LONG,
        "one long line": "word and another, " * (_LONG // 18),
        "only line breaks": "\n" * 10_000,
        "spaces": " " * _LONG,
        "open brackets": "[" * _LONG,
        "open parentheses": "(" * _LONG,
        "open angle brackets": "<" * _LONG,
        "open tags": "<div " * (_LONG // 5),
        "nested tags": "<div>" * 20_000,
        "open objects": '{"a":' * 20_000,
        "deep arrays": "[" * 20_000 + "]" * 20_000,
        "open quote": '{"a": "' + "x" * _LONG,
        "backslashes": '"' + "\\" * _LONG,
        "unfinished rows": '[{"id": 1, "name": "a"}, {"id": 2, "na',
        "repeated keys": "[" + ",".join(['{"a":1,"a":2}'] * 50) + "]",
        "not a number": '[{"a": NaN}, {"a": Infinity}]' * 3,
        "non-ASCII": "日本語のテキスト。العربية نص. Ελληνικά; русский текст! ไทย ภาษา 🎉🏳️‍🌈\n" * 40,
        "combining marks": "e" + "\u0301" * 10_000,
        "bidirectional marks": "\u202eabc\u202c \u2066def\u2069\n" * 200,
        "lone surrogate": "before \ud800 after \udfff\n" * 20,
        "lone surrogate in JSON": '[{"a": "\ud800"}, {"a": "\\ud800"}]',
        "nulls": "a\x00b\x00\x00c\n" * 200,
        "binary": "".join(chr(i % 256) for i in range(0, 40_000, 7)),
        "byte order mark": "\ufefffirst line\nsecond line\n",
        "carriage returns": "one\rtwo\rthree\r\nfour\n\rfive",
        "unicode line breaks": "one\u2028two\u2029three\x85four\x0bfive\x0csix",
        "looks like a gap": "[… 12 lines]\n[… 1 line]\n… 3 rows\n" * 30,
        "diff without body": "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n",
        "numbers": "0123456789 " * 5_000,
    }
