"""Marks that say how to get back what was left out, and the tool that takes them.

A handle is the beginning of the SHA-256 of a span's original text: the same text has the same handle in every turn, on
every replica and after any restart, and nobody who does not know the text can tell it from its handle.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.core.span import Kind, Prompt, Tool
from sparing.core.verdict import Change
from sparing.settings import PolicySettings

HANDLE_CHARS = 10
OWN_PREFIX = "sparing_"
RECALL = Tool(
    f"{OWN_PREFIX}recall",
    "Returns the original of a text that was shortened to save tokens: one that ends in a mark such as "
    "[… more: sparing_recall(3f9ac21b07)]. Call it only for what you need, and not together with other tools.",
    '{"type":"object","properties":{"handle":{"type":"string"},'
    '"about":{"type":"string","description":"What you look for; only what concerns it comes back."},'
    '"part":{"type":"integer","description":"Long texts come in parts, from 1."}},'
    '"required":["handle"]}',
)
_JSON = frozenset({Content.JSON, Content.JSON_ROWS})
_LOSSLESS = frozenset({"repeats.v1"})  # what it leaves out stands elsewhere in the request


def own_tools(prompt: Prompt, policy: PolicySettings) -> tuple[Tool, ...]:
    """The tools that are added to this request: the same in every turn of a conversation, or its prefix would change.

    None where an answer to a call could not be worked into what the caller gets: it has a tool of that name itself,
    uses OpenAI's older `functions`, or wants several answers at once.
    """
    if not policy.recall:
        return ()
    tools = [span for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA]
    if any(span.tool == RECALL.name or span.label.startswith("functions") for span in tools):
        return ()
    return () if _wants_several(prompt) else (RECALL,)


def without_tools(prompt: Prompt, tools: Sequence[Tool]) -> Prompt:
    """The prompt without the schemas of these tools, for comparing shapes."""
    if not tools:
        return prompt
    names = {tool.name for tool in tools}
    spans = [span for span in prompt.spans if span.kind is not Kind.TOOL_SCHEMA or span.tool not in names]
    return replace(prompt, spans=tuple(spans))


def _wants_several(prompt: Prompt) -> bool:
    """Whether OpenAI's `n` asks for more than one answer."""
    if '"n"' not in prompt.source:
        return False
    try:
        return msgspec.json.decode(prompt.source, type=_Choices).n not in (None, 1)
    except (msgspec.DecodeError, UnicodeEncodeError):  # lone surrogates in a request with an "n"
        return True


class _Choices(msgspec.Struct):
    n: Any = None


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
