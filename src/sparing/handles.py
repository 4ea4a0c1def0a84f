"""Marks that say how to get back what was left out.

A handle is the beginning of the SHA-256 of a span's original text: the same text has the same handle in every turn, on
every replica and after any restart, and nobody who does not know the text can tell it from its handle.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.core.verdict import Change
from sparing.own_tools import RECALL

HANDLE_CHARS = 10
_JSON = frozenset({Content.JSON, Content.JSON_ROWS})
_LOSSLESS = frozenset({"repeats.v1"})  # what it leaves out stands elsewhere in the request


def handle_of(text: str) -> str:
    """The handle of a text: ten hexadecimal digits."""
    return full_handle_of(text)[:HANDLE_CHARS]


def full_handle_of(text: str) -> str:
    """The whole hash that a handle is the beginning of, as in `SpanReceipt.sha256`."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_lossy(rendition: Rendition) -> bool:
    """Whether something is left out that stands nowhere else in the request."""
    return bool(rendition.elisions) and rendition.reducer not in _LOSSLESS


def with_handle(change: Change, counter: Counter) -> Change:
    """The change with a mark at its end that says how to ask for the rest; a lossless one as it is.

    Where the mark would cost more than was left out, the whole text goes, so that nothing is out of reach. Pure, and a
    function of the span and its rendition alone, so that the prefix of a conversation stays.
    """
    if not is_lossy(change.rendition):
        return change
    text = marked(change.rendition.text, handle_of(change.span.text), change.content)
    tokens = counter.count(text)
    if tokens >= change.tokens_before:
        whole = Rendition(change.span.text, change.tokens_before, 1.0, "", (), "")
        return replace(change, rendition=whole, tokens_after=change.tokens_before)
    return replace(change, rendition=replace(change.rendition, text=text, tokens=tokens), tokens_after=tokens)


def marked(text: str, handle: str, content: str) -> str:
    """`text` with its mark: a last line; in JSON a last element, a last member, or the end of a string."""
    mark = f"… more: {RECALL.name}({handle})"
    if content in _JSON:
        return _in_json(text, mark)
    end = len(text.rstrip())
    return f"{text[:end]}\n[{mark}]{text[end:]}"


def _in_json(text: str, mark: str) -> str:
    end = len(text.rstrip())
    last = text[end - 1 : end]
    if not _is_json(text):  # JSON lines
        return f'{text[:end]}\n"{mark}"{text[end:]}'
    if last == '"':
        return f"{text[: end - 1]} [{mark}]{text[end - 1 :]}"
    literal = {"]": f'"{mark}"', "}": f'"{mark}":""'}.get(last)
    if literal is None:  # a number or the like: nothing was left out of it
        return text
    comma = "" if text[: end - 1].rstrip().endswith(("[", "{")) else ","
    return f"{text[: end - 1]}{comma}{literal}{text[end - 1 :]}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)  # as the structure guard reads it, lone surrogates included
    except (ValueError, RecursionError):
        return False
    return True
