"""Which stretches of a request may be reduced, and by which question each is judged.

A user's message is often a question with the material pasted around it. The short first and last paragraphs are taken
for the words of the user and pinned; what lies between is material. Everything else follows from the kind of the span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from sparing.core.question import Question
from sparing.core.span import Kind, Prompt, Span, Zone

_SAID_CHARS = 600  # a paragraph up to this long can be what the user says; longer ones are material
_FENCE = re.compile(r"^```[^\n]*\n.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"\n[ \t]*\n")
_MATERIAL = frozenset({Kind.USER, Kind.DOCUMENT, Kind.TOOL_RESULT})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that may be reduced, and what it is judged by (None: nobody asked).

    Attributes:
        question: Words that were there when the piece arrived, so that it reads the same in every later turn.
        is_text: Whether it is a string of the request, not an array or object in it.
        is_exempt: Whether nothing of it may be left out: where an earlier turn sent the same, it may refer to that.
    """

    span: Span
    question: Question | None
    is_text: bool = True
    is_exempt: bool = False


@dataclass(frozen=True, slots=True)
class Exempt:
    """What is not reduced.

    Attributes:
        tools: Of their results nothing is left out.
        untouched: Tools whose results are sent as they came.
        texts: A message, or a result or the call that fetched it, that holds one of these is sent as it came.
    """

    tools: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def names(self, span: Span, call: Span | None) -> bool:
        """Whether a span is sent as it came."""
        if span.tool and span.tool in self.untouched:
            return True
        words = (span.text, call.text if call is not None else "")
        return any(text in one for text in self.texts if text for one in words)


NOTHING_EXEMPT = Exempt()


@dataclass(frozen=True, slots=True)
class Parts:
    """A request as the planner sees it, each in the order of the body.

    Attributes:
        said: What users say in their own words; never reduced.
    """

    said: tuple[Span, ...]
    pieces: tuple[Piece, ...]


def find_parts(prompt: Prompt, exempt: Exempt = NOTHING_EXEMPT) -> Parts:
    """What users say, and the live stretches of a request."""
    said: list[Span] = []
    pieces: list[Piece] = []
    calls: dict[str, Span] = {}
    words = ""
    for _, spans in sorted(by_block(prompt.spans).items()):
        add_calls(calls, spans)
        parts = parts_of(prompt.source, spans, calls, words, exempt)
        said += parts.said
        pieces += parts.pieces
        words = newest_words(parts.said) or words
    return Parts(tuple(said), tuple(pieces))


def parts_of(
    source: str, spans: Sequence[Span], calls: Mapping[str, Span], words: str, exempt: Exempt = NOTHING_EXEMPT
) -> Parts:
    """What users say in a turn, and its live stretches.

    A tool's result is judged by what the user last said before it and by the call that fetched it; pasted material and
    documents by what the user says in the same turn. What a later question needs of them is supplied beside it.

    Args:
        spans: Of this turn, in the order of the body.
        calls: Up to here, by id.
        words: The users' newest message before this turn.
    """
    said, material = _split_users(spans, exempt)
    pieces = []
    for span in material:
        call = calls.get(span.pair) if span.kind is Kind.TOOL_RESULT else None
        if exempt.names(span, call):
            continue
        if span.kind is Kind.TOOL_RESULT:
            asked = [_last_before(said, span) or words, _words_of_call(call)]
        else:
            asked = [one.text for one in said] or [words]
        is_exempt = span.kind is Kind.TOOL_RESULT and span.tool in exempt.tools
        pieces.append(Piece(span, _question(asked), _is_text(source, span), is_exempt))
    return Parts(tuple(said), tuple(pieces))


def by_block(spans: Iterable[Span]) -> dict[int, list[Span]]:
    """The spans of each turn."""
    blocks: dict[int, list[Span]] = {}
    for span in spans:
        blocks.setdefault(span.block, []).append(span)
    return blocks


def add_calls(calls: dict[str, Span], spans: Iterable[Span]) -> None:
    """Add the calls among these spans, by id."""
    for span in spans:
        if span.kind is Kind.TOOL_CALL and span.pair:
            calls[span.pair] = span


def newest_words(said: Sequence[Span]) -> str:
    """What the last message of these says; "" without any."""
    if not said:
        return ""
    newest = said[-1].message
    return "\n".join([span.text for span in said if span.message == newest])


def _is_text(source: str, span: Span) -> bool:
    return span.literal is not None and source.startswith('"', span.literal[0])


def _question(words: Sequence[str]) -> Question | None:
    text = "\n".join(word for word in words if word).strip()
    return Question(text) if text else None


def _words_of_call(call: Span | None) -> str:
    """The values that a tool was called with; their names and the JSON around them ask for nothing."""
    if call is None:
        return ""
    try:
        arguments = msgspec.json.decode(call.text)
    except (msgspec.DecodeError, RecursionError):
        return call.text
    return " ".join(_leaves(arguments))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _split_users(spans: Sequence[Span], exempt: Exempt) -> tuple[list[Span], list[Span]]:
    """What users say, and the editable material, both in order of the body."""
    said: list[Span] = []
    material: list[Span] = []
    for span in spans:
        if span.kind not in _MATERIAL or span.literal is None or not span.text.strip():
            continue
        if span.kind is Kind.USER:
            words, rest = split_user_text(span)
            said += words
            material += () if exempt.names(span, None) else rest
        elif span.zone is Zone.LIVE or span.kind is Kind.TOOL_RESULT:
            material.append(span)
    return said, material


def split_user_text(span: Span) -> tuple[list[Span], list[Span]]:
    """Split a user's text into what is said (pinned) and material (live; a fenced block is material of its own).

    A frozen span yields no material: the caller marked it as a prefix to be cached, to be used with other questions.
    """
    text = span.text
    if len(text) <= _SAID_CHARS:
        return [replace(span, zone=Zone.PINNED)], []
    start, end = _said_first(text), _said_last(text)
    if start >= end:
        start = 0
    said = [_stretch(span, a, b, Zone.PINNED) for a, b in ((0, start), (end, len(text))) if text[a:b].strip()]
    if span.zone is not Zone.LIVE:
        return said, []
    return said, [_stretch(span, a, b, Zone.LIVE) for a, b in _materials(text, start, end)]


def _said_first(text: str) -> int:
    """End of the opening words: a short first paragraph that asks, addresses or introduces."""
    match = _BREAK.search(text, 0, _SAID_CHARS + 2)
    if match is None or match.start() > _SAID_CHARS:
        return 0
    opening = text[: match.start()].rstrip()
    return match.end() if opening.endswith((":", "?", "？", "؟", "：")) else 0


def _said_last(text: str) -> int:
    """Start of the closing words: a short last paragraph, or a short last line that asks."""
    tail_start = max(0, len(text.rstrip()) - _SAID_CHARS)
    breaks = list(_BREAK.finditer(text, tail_start, len(text.rstrip())))
    if breaks:
        return breaks[-1].end()
    line = text.rfind("\n", tail_start, len(text.rstrip())) + 1
    return line if line and text.rstrip().endswith(("?", "？", "؟", ".", ":")) else len(text)


def _materials(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Fenced blocks (without their fences) and the stretches between them."""
    stretches = []
    at = start
    for fence in _FENCE.finditer(text, start, end):
        inner_start = text.index("\n", fence.start()) + 1
        inner_end = text.rindex("\n", inner_start - 1, fence.end()) + 1
        stretches += [(at, fence.start()), (inner_start, inner_end)]
        at = fence.end()
    stretches.append((at, end))
    return [(a, b) for a, b in stretches if text[a:b].strip()]


def _stretch(span: Span, start: int, end: int, zone: Zone) -> Span:
    label = span.label if (start, end) == (0, len(span.text)) else f"{span.label}[{start}:{end}]"
    return replace(span, label=label, text=span.text[start:end], within=(start, end), zone=zone)


def _last_before(said: Sequence[Span], span: Span) -> str:
    """What the user's newest message before this span says, of this turn."""
    at = (span.message, span.place)
    newest = next((s.message for s in reversed(said) if (s.message, s.place) < at), None)
    if newest is None:
        return ""
    return "\n".join(s.text for s in said if s.message == newest and (s.message, s.place) < at)
