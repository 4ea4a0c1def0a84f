"""Content types: what a text is, and so which reducers may take it."""

from __future__ import annotations

from enum import StrEnum


class Content(StrEnum):
    PROSE = "prose"
    DIALOGUE = "dialogue"  # a turn to the line: Speaker: words
    MARKDOWN = "markdown"
    HTML = "html"
    JSON_ROWS = "json_rows"  # an array of records, or an object whose bulk is one
    JSON = "json"  # any other JSON
    TABLE = "table"  # CSV and its kin: a row to the line
    LOG = "log"
    CODE = "code"
    DIFF = "diff"
    GREP = "grep"  # path:line:text
    TEST_OUTPUT = "test_output"  # test runs and stack traces
    ANSWER = "answer"  # what a model said to a reader; never told from a text, only said by who knows
    BINARY = "binary"  # nobody reduces it
