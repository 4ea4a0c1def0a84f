"""What a text is, judged from a bounded sample: past a megabyte the cost no longer grows with the length.

Strong signs come first (a JSON document that parses, a diff hunk), then the file name, then shares of lines that look
alike. When in doubt a text is prose, which every later step treats with the most care.
"""

from __future__ import annotations

import re
from collections import Counter

from sparing.core.content import Content
from sparing.fragments import Fragments
from sparing.reducers.language import extension, guess_language, is_codelike, language_of_name
from sparing.reducers.sample import Sample
from sparing.reducers.sniff_dialogue import is_dialogue
from sparing.reducers.sniff_json import sniff_json
from sparing.reducers.text_table import separator_of

_BY_EXTENSION = {
    **dict.fromkeys(("md", "markdown", "mdx"), Content.MARKDOWN),
    **dict.fromkeys(("html", "htm", "xhtml"), Content.HTML),
    **dict.fromkeys(("diff", "patch"), Content.DIFF),
    **dict.fromkeys(("jsonl", "ndjson"), Content.JSON_ROWS),
    **dict.fromkeys(("csv", "tsv", "psv"), Content.TABLE),
    "log": Content.LOG,
    **dict.fromkeys(("rb", "php", "cs", "swift", "kt", "scala", "css", "scss", "sql", "sh"), Content.CODE),
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "pdf", "zip", "gz", "so", "wasm", "ico"), Content.BINARY),
}

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_ENCODED = re.compile(r"(?:data:[\w/+.-]{1,80};base64,)?[A-Za-z0-9+/=_-]{2000,}\s*")

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")
_DIFF_HEAD = re.compile(r"diff --git |--- |Index: |diff -")
_DIFF_LINE = re.compile(
    r"[ +\-@\\]|diff |index |new file|deleted file|similarity|rename |commit |Author|Date|Index: |==="
)

_HTML_DOCUMENT = re.compile(r"<(?:!doctype\s{1,9}html|html)\b", re.I)
_HTML_PREAMBLE = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,400}?-->\s*)?", re.S)
_TAG = re.compile(
    r"</?(?:html|head|body|div|p|span|a|ul|ol|li|table|tbody|thead|tr|t[dh]|h[1-6]|section|article|header|footer|nav|"
    r"main|form|input|button|img|br|hr|script|style|meta|link|title|pre|code|strong|em|b|i|label|select|option)"
    r"(?:\s[^<>]{0,400})?/?>",
    re.I,
)

_GREP_LINE = re.compile(r"(?:[A-Za-z]:)?(?=[\w./\\@~+-]{0,200}[A-Za-z])[\w./\\@~+-]*[./\\][\w./\\@~+-]*:\d+[:\s]")

_STAMP = re.compile(
    r"\d{1,2}:\d{2}:\d{2}|\d{2}\.\d{2}\.\d{2}[.,]\d|^\W{0,3}1[0-9]{9}(?:\.\d+|\d{3})?\b|^\d{6} \d{6} |\[\d+\.\d{3,6}\]"
)
_STAMP_WITHIN = 72
_LEVEL = re.compile(
    r"\W{0,3}(?:INFO|WARN(?:ING)?|ERROR|DEBUG|TRACE|FATAL|NOTICE|CRITICAL|SEVERE|VERBOSE|npm (?:WARN|ERR!)"
    r"|info|warn|error|debug|level=\w+|[IWEF]\d{4} )(?:\W|$)"
)

_TEST_RUN = re.compile(
    r"=+ (?:test session starts|FAILURES|ERRORS|short test summary info|.*\d+ (?:passed|failed|error)).*=$"
    r"|Ran \d+ tests? in [\d.]+s|(?:FAIL|ERROR): test\w* \(|=== RUN |\s*--- (?:PASS|FAIL|SKIP): |(?:ok|FAIL) *\t\S+\s"
    r"|test \S+ \.\.\. (?:ok|FAILED|ignored)|test result: |running \d+ tests?$|(?:PASS|FAIL) +\S+\.[cm]?[jt]sx?\b"
    r"|Tests?: +\d+|Test Suites: |(?:\[\w+\] +)?Tests run: \d+|\s+[✓✔✕✗×] |(?:not )?ok \d+\b|1\.\.\d+$"
    r"|\S+::\S+ (?:PASSED|FAILED|ERROR|SKIPPED)\b|(?:PASSED|FAILED|ERROR) \S+::|\s*\d+ (?:passing|failing|pending)\b"
    r"|\w+ \([\w.]+\) \.\.\. (?:ok|FAIL|ERROR|skipped)"
)
_FRAME = re.compile(
    r"Traceback \(most recent call last\):|  File \".*\", line \d+|\s+at .+[:(].*\)?$|Caused by: |goroutine \d+ \["
    r"|panic: |thread '.*' panicked at|\s+\d+: +(?:0x[0-9a-f]+ - )?\S+::|\s+/?\S+\.go:\d+"
    r"|[\w.]*(?:Error|Exception)(?::|$)|Exception in thread|#\d+ +0x[0-9a-f]+ in |\s+\.\.\. \d+ more$"
)

_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_MARK = re.compile(
    r"#{1,6} +\S|\|?(?: *:?-{3,}:? *\|)+|\|.+\|\s*$|>\s|\s*[-*+] +\[[ xX]\] |(?:={3,}|-{3,})$|\[[^\]]{1,80}\]: \S"
    r"|[^\[*]*(?:\[[^\]]+\]\([^()\s]+\)|\*\*[^*]+\*\*)"
)
_HEADING = re.compile(r"#{1,6} +\S")

_WORDS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_SEPARATORS = ",\t;|"

_SENTENCES = re.compile(r"[a-z]{2}[.!?] +[A-Z][a-z]+ [a-z]+ ")  # one ends and another begins on the same line


_SNIFFED: Fragments[Content] = Fragments()


def sniff(text: str, name: str = "") -> Content:
    """The content type of a text.

    Args:
        name: File or tool name; its extension decides where the text itself leaves room for doubt.
    """
    return _SNIFFED.of(text, lambda: _sniff(text, name), name)


def _sniff(text: str, name: str) -> Content:
    sample = Sample.of(text)
    if len(_CONTROL.findall(sample.text)) > len(sample.text) * 0.02 or _is_encoded(sample.text):
        return Content.BINARY
    strong = sniff_json(text, sample.lines) or _strong(sample)
    if strong is not None:
        return strong
    named = Content.CODE if language_of_name(name) else _BY_EXTENSION.get(extension(name))
    return named or _by_lines(sample)


def language_of(text: str, name: str = "") -> str | None:
    """The programming language of a text, by its name or else by its lines; None if it is none that we parse.

    Returns:
        One of python, javascript, typescript, tsx, go, rust, java, c, cpp.
    """
    return language_of_name(name) or guess_language(Sample.of(text))


def _is_encoded(text: str) -> bool:
    return bool(_ENCODED.fullmatch(text)) and len(set(text)) > 12


def _strong(sample: Sample) -> Content | None:
    """Signs that outweigh a file name: a diff of a Python file is a diff."""
    if sample.count(_HUNK) and sample.count(_DIFF_HEAD) and sample.share(_DIFF_LINE) > 0.8:
        return Content.DIFF
    start = _HTML_PREAMBLE.match(sample.text)
    if start and _HTML_DOCUMENT.match(sample.text, start.end()):
        return Content.HTML
    if len(sample.lines) >= 3 and sample.share(_GREP_LINE) >= 0.6:
        return Content.GREP
    return None


def _by_lines(sample: Sample) -> Content:
    if separator_of(sample.text):
        return Content.TABLE
    if is_dialogue(sample):
        return Content.DIALOGUE
    if len(sample.lines) >= 3 and _stamped_share(sample.lines) >= 0.5:
        return Content.LOG
    if sample.count(_FENCE):
        return Content.MARKDOWN
    if _is_test_output(sample):
        return Content.TEST_OUTPUT
    if _is_code(sample):
        return Content.CODE
    marks = sample.count(_MARK)
    if _is_html(sample.text, marks):
        return Content.HTML
    if _has_cells(sample.lines):
        return Content.LOG
    if marks >= 2 and (marks >= len(sample.lines) * 0.1 or _has_headings(sample)):
        return Content.MARKDOWN
    return Content.LOG if _repeats_shapes(sample.lines) else Content.PROSE


def _stamped_share(lines: tuple[str, ...]) -> float:
    stamped = sum(1 for line in lines if _STAMP.search(line, 0, _STAMP_WITHIN) or _LEVEL.match(line))
    return stamped / len(lines)


def _is_test_output(sample: Sample) -> bool:
    size = len(sample.lines)
    results = sample.count(_TEST_RUN)
    return (results >= 2 and results >= size * 0.08) or sample.count(_FRAME) >= max(2, size * 0.35)


def _is_code(sample: Sample) -> bool:
    if sample.text.startswith(("#!", "<?php")) or guess_language(sample):
        return True
    ends = sum(1 for line in sample.lines if line.endswith(("{", "}", ";", "},")))
    return len(sample.lines) >= 4 and ends >= len(sample.lines) * 0.5 and is_codelike(sample)


def _is_html(text: str, marks: int) -> bool:
    tags = len(_TAG.findall(text))
    if tags < 3 or marks >= 3:
        return False
    return tags >= len(text) / 160 or (text.lstrip()[:1] == "<" and tags >= len(text) / 600)


def _has_headings(sample: Sample) -> bool:
    """Two at least, and not as many as a file has that is full of # comments."""
    return 2 <= sample.count(_HEADING) <= len(sample.lines) * 0.4


def _has_cells(lines: tuple[str, ...]) -> bool:
    """Whether the lines have one separator equally often, though no header: they are read line by line, like a log."""
    if len(lines) < 5:
        return False
    for separator in _SEPARATORS:
        often = lines[0].count(separator)
        spaced = sum(line.count(separator + " ") for line in lines) if separator in ",;" else 0  # as in a sentence
        if (
            often >= 2
            and spaced < often * len(lines) / 4
            and sum(1 for line in lines if line.count(separator) == often) >= len(lines) * 0.8
        ):
            return not lines[0].startswith("|")
    return False


def _repeats_shapes(lines: tuple[str, ...]) -> bool:
    """Whether many lines have one of a few shapes once words and numbers are masked, as in build output.

    Numbered clauses of a contract have one shape too, but they are sentences.
    """
    if len(lines) < 12 or sum(1 for line in lines if _SENTENCES.search(line)) >= len(lines) * 0.5:
        return False
    shapes = Counter(_DIGITS.sub("0", _WORDS.sub("a", line[:48])) for line in lines)
    telling = sum(
        n for shape, n in shapes.items() if n >= 3 and shape.replace("a", "").replace(" ", "").strip(".,;:!?'\"-")
    )
    return telling >= len(lines) * 0.6
