"""What is seen of a turn: its words, each pair of them, and marks of its form. Nothing here knows what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_HEAD_CHARS, _TAIL_CHARS = 240, 160  # of a turn; what lies between is material
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[?!:`{}=<>$%+*/^_]")
_CODE = re.compile(r"```|\b(?:def|class|function|import|return|SELECT|public|void|const)\b.*[({;:]|=>|\);|</\w+>")
_TRACE = re.compile(
    r"Traceback|Exception|^\s+at \S+\(|\bERROR\b|\bWARN\b|\b[A-Z]\w*(?:Error|Exception)\b|File \"[^\"]+\", line",
    re.MULTILINE,
)
# Without one of these there is neither code nor a trace: looking for them takes a fraction of what the patterns take.
_CODE_NEEDS = (
    *("```", "=>", ");", "</", "def", "class", "function", "import", "return"),
    *("SELECT", "public", "void", "const"),
)
_TRACE_NEEDS = ("Error", "Exception", "ERROR", "WARN", "Traceback", 'File "')
_OPTIONS = re.compile(r"\n\s*\(?[A-D][.)] ")
_FEW_WORDS = 4  # a turn with no more is read with the one before it


@dataclass(frozen=True, slots=True)
class Turn:
    """What there is to go by.

    Attributes:
        words: Of the user, newest; of a long message its ends will do.
        earlier: What the user said before.
        size: Characters of the whole message, material included.
        num_messages: Of the conversation.
    """

    words: str
    earlier: str = ""
    size: int = 0
    num_messages: int = 1
    has_tools: bool = False


class Seen(NamedTuple):
    """All that is looked at of a turn: of two turns with the same the marks are the same. At most some 650 characters.

    Attributes:
        text: The ends of its words.
        earlier: The beginning of what was said before; "" where the words are enough.
        long, turn: Powers of two of its size and of its place in the conversation.
    """

    text: str
    earlier: str
    long: int
    turn: int
    has_tools: bool


def seen_of(turn: Turn) -> Seen:
    """What is looked at of a turn."""
    text = turn.words
    whole = len(text)
    if whole > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{text[:_HEAD_CHARS]}\n{text[-_TAIL_CHARS:]}"
    long = min(12, max(whole, turn.size).bit_length())
    return Seen(text, turn.earlier[:_HEAD_CHARS], long, min(4, turn.num_messages.bit_length()), turn.has_tools)


def marks_of(turn: Turn) -> list[str]:
    """The words, pairs and marks of a turn, in no order that matters; a word that comes twice is there twice."""
    return marks_in(seen_of(turn))


def marks_in(seen: Seen) -> list[str]:
    """See `marks_of`."""
    text = seen.text
    words = _WORD.findall(text.lower())
    marks = [*words, *map(" ".join, zip(words, words[1:], strict=False))]
    if len(words) <= _FEW_WORDS and seen.earlier:
        marks += [f"before {word}" for word in _WORD.findall(seen.earlier.lower())]
    marks.append(f"<long {seen.long}>")
    marks.append(f"<turn {seen.turn}>")
    if words:
        marks += (f"<first {words[0]}>", f"<last {words[-1]}>")
        marks.append(f"<numbers {min(9, sum(map(str.isdigit, words)))}>")
        marks.append(f"<words {min(15, len(words) // 8)}>")
    if _has(text, _CODE_NEEDS) and _CODE.search(text):
        marks.append("<code>")
    if (_has(text, _TRACE_NEEDS) or _may_be_indented(text)) and _TRACE.search(text):
        marks.append("<trace>")
    if "\n" in text and _OPTIONS.search(text):
        marks.append("<options>")
    if seen.has_tools:
        marks.append("<tools>")
    return marks


def _has(text: str, any_of: tuple[str, ...]) -> bool:
    return any(map(text.__contains__, any_of))


def _may_be_indented(text: str) -> bool:
    """Whether a line may be a Java frame's: indented, ``at``, and a bracket."""
    return "at " in text and "(" in text and ("\n" in text or text[:1].isspace())
