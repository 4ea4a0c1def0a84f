"""What is seen of a turn: its words, each pair of them, and marks of its form. Nothing here knows what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD_CHARS, _TAIL_CHARS = 240, 160  # of a turn; what lies between is material
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]+|[?!:`{}=<>$%+*/^_]")
_CODE = re.compile(r"```|\b(?:def|class|function|import|return|SELECT|public|void|const)\b.*[({;:]|=>|\);|</\w+>")
_TRACE = re.compile(
    r"Traceback|Exception|^\s+at \S+\(|\bERROR\b|\bWARN\b|\b[A-Z]\w*(?:Error|Exception)\b|File \"[^\"]+\", line",
    re.MULTILINE,
)
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


def marks_of(turn: Turn) -> list[str]:
    """The words, pairs and marks of a turn, in no order that matters; a word that comes twice is there twice."""
    text = turn.words
    whole = len(text)
    if whole > _HEAD_CHARS + _TAIL_CHARS:
        text = f"{text[:_HEAD_CHARS]}\n{text[-_TAIL_CHARS:]}"
    words = _WORD.findall(text.lower())
    marks = [*words, *map(" ".join, zip(words, words[1:], strict=False))]
    if len(words) <= _FEW_WORDS and turn.earlier:
        marks += [f"before {word}" for word in _WORD.findall(turn.earlier[:_HEAD_CHARS].lower())]
    marks.append(f"<long {min(12, max(whole, turn.size).bit_length())}>")
    marks.append(f"<turn {min(4, turn.num_messages.bit_length())}>")
    if words:
        marks += (f"<first {words[0]}>", f"<last {words[-1]}>")
        marks.append(f"<numbers {min(9, sum(word[0].isdigit() for word in words))}>")
        marks.append(f"<words {min(15, len(words) // 8)}>")
    if _CODE.search(text):
        marks.append("<code>")
    if _TRACE.search(text):
        marks.append("<trace>")
    if "\n" in text and _OPTIONS.search(text):
        marks.append("<options>")
    if turn.has_tools:
        marks.append("<tools>")
    return marks
