"""When an answer already answers: a closed JSON value, the one label that was asked for, a loop, a closing courtesy.

Reads an answer piece by piece and says how much of it certainly belongs to it, and where it ends if it does. What is
code or JSON is never cut: a JSON answer ends behind its value, and within a fence nothing ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from sparing.settings.policies import Stopping

Label = Literal["", "letter", "number", "word"]

_MOST_SPACE: Final = 40  # characters after a JSON value; some models go on with line breaks until their limit
_BRACKETS: Final = re.compile(r'["\\{}\[\]]')
_LABELS: Final = {
    "letter": re.compile(r"[\s(*\"']*[A-Ha-h][\s).:*\"']*"),
    "number": re.compile(r"\s*[-+$€£]?\s?\d[\d.,]*\s?[%°]?\.?\s*"),
    "word": re.compile(r"[\s*\"']*[^\W\d_][\w'’-]*[\s.!*\"']*"),
}
_SAYING: Final = r"\b(?:answer|reply|respond|output|return|give|write|print)\b"
_ONLY: Final = re.compile(
    rf"{_SAYING}[^.\n]{{0,60}}?\b(?:only|just|nothing (?:but|else)|single)\b[^.\n]{{0,60}}"
    rf"|\b(?:only|just) {_SAYING}[^.\n]{{0,60}}",
    re.IGNORECASE,
)
_ASKED: Final[tuple[tuple[Label, re.Pattern[str]], ...]] = (
    ("letter", re.compile(r"\b(?:letter|option|choice)\b", re.IGNORECASE)),
    ("number", re.compile(r"\b(?:number|integer|digits?|numeral)\b", re.IGNORECASE)),
    (
        "word",
        re.compile(r"\b(?:label|category|class|yes or no|true or false|one word|single word)\b", re.IGNORECASE),
    ),
)
_TOLD: Final = re.compile(
    r"\b(?:explain|explanation|reason|why|because|then|followed|and (?:the|a|an|your|its))\b", re.IGNORECASE
)
_FENCE: Final = re.compile(r"[ \t]*(?:```|~~~)")
_BLANK: Final = re.compile(r"\n[ \t]*\n\s*")
_WORDS: Final = re.compile(r"[^\W\d_]{2}")
_REPEATS: Final = re.compile(r"\brepeat|\btimes\b|\bsong\b|\bpoem\b|\blyrics\b|\blist\b", re.IGNORECASE)
_LOOP_CHARS, _LOOPS, _LONGEST_LOOP, _KEY_CHARS = 400, 8, 300, 24
_LOOK_CHARS: Final = 64
_OPENERS: Final = (
    "let me know if ",
    "please let me know if ",
    "feel free to ",
    "please feel free to ",
    "i hope this helps",
    "hope this helps",
    "if you have any other ",
    "if you have any further ",
    "if you have any more ",
    "if you have any questions",
    "don't hesitate to ",
    "please don't hesitate to ",
    "is there anything else ",
)
_COURTESY: Final = re.compile(
    r"(?:please )?"
    r"(?:let me know if (?:you(?: have| need) (?:any|more|further|other)|there(?:'s| is) anything|anything)"
    r"|feel free to (?:ask|reach|let me know|contact)"
    r"|(?:i )?hope this helps"
    r"|if you have any (?:other |further |more )?(?:questions|concerns|doubts)"
    r"|don't hesitate to (?:ask|reach|let me know|contact)"
    r"|is there anything else (?:i can|you))\b[^\n]{0,200}"
)
_HELD_CHARS: Final = 60  # of a paragraph that may be one


@dataclass(frozen=True, slots=True)
class Form:
    """What form an answer must have.

    Attributes:
        json: It has to be one JSON value.
        label: It has to be one of these alone; "" where it is not.
        may_repeat: The request speaks of something that repeats itself.
    """

    json: bool = False
    label: Label = ""
    may_repeat: bool = False


def form_of(question: str, *, wants_json: bool) -> Form:
    """The form that a question asks for; conservative: only what says so in so many words."""
    label: Label = ""
    found = None if wants_json else _ONLY.search(question[-2000:])
    if found is not None and not _TOLD.search(question[-600:]):
        asked = [name for name, words in _ASKED if words.search(found[0])]
        label = asked[0] if len(asked) == 1 else ""
    return Form(wants_json, label, bool(_REPEATS.search(question[-2000:])))


class Watcher(Protocol):
    """Looks for one kind of end.

    Attributes:
        safe: Characters, from the beginning, that may be passed on now.
        end: Where the answer ends; None while it goes on.
        why: In words.
    """

    safe: int
    end: int | None
    why: str

    def see(self, piece: str) -> None: ...


def watchers(form: Form, stopping: Stopping) -> list[Watcher]:
    """What is looked for in an answer of this form."""
    if stopping == "off":
        return []
    if form.json:
        return [JsonEnd()]
    found: list[Watcher] = [LabelEnd(form.label)] if form.label else []
    if stopping == "eager":
        found += [CourtesyEnd(), *([] if form.may_repeat else [LoopEnd()])]
    return found


class JsonEnd:
    """An object or array, closed; more than white space, or a lot of that, comes after it."""

    why = "its JSON is closed"

    def __init__(self) -> None:
        self.safe = 0
        self.end: int | None = None
        self._depth, self._begun, self._no_json = 0, False, False
        self._closed: int | None = None
        self._in_string, self._after_escape = False, 0

    def see(self, piece: str) -> None:
        start, self.safe = self.safe, self.safe + len(piece)
        if self._no_json:
            return
        if not self._begun:
            begin = piece.lstrip()
            if not begin:
                return
            self._begun, self._no_json = True, begin[0] not in "{["
        if self._closed is None:
            self._scan(piece, start)
        if self._closed is not None and self.end is None:
            after = piece[max(0, self._closed - start) :]
            if after.strip() or self.safe - self._closed > _MOST_SPACE:
                self.end = self._closed

    def _scan(self, piece: str, start: int) -> None:
        for found in _BRACKETS.finditer(piece):
            at, sign = start + found.start(), found[0]
            if at < self._after_escape:
                continue
            if self._in_string:
                self._in_string = sign != '"'
                self._after_escape = at + 2 if sign == "\\" else at
            elif sign == '"':
                self._in_string = True
            elif sign != "\\":
                self._depth += 1 if sign in "{[" else -1
                if self._depth == 0:
                    self._closed = at + 1
                    return


class LabelEnd:
    """The first line is the one label that was asked for, and another line begins."""

    why = "the one answer is given"

    def __init__(self, label: Label) -> None:
        self.safe = 0
        self.end: int | None = None
        self._label = _LABELS[label]
        self._line = ""
        self._over = False

    def see(self, piece: str) -> None:
        self.safe += len(piece)
        if self._over:
            return
        self._line += piece
        said = self._line.lstrip()
        first, mark, rest = said.partition("\n")
        if len(first) > 40 or (rest.strip() and not self._label.fullmatch(first)):
            self._over = True
        elif mark and rest.strip():
            self._over = True
            self.end = len(self._line) - len(said) + len(first.rstrip())


class LoopEnd:
    """The same words again and again: eight times at least, and 400 characters. Never within code or a table."""

    why = "it repeats itself"

    def __init__(self) -> None:
        self.safe = 0
        self.end: int | None = None
        self._tail = ""
        self._code = _Code()
        self._looked_at = 0

    def see(self, piece: str) -> None:
        self.safe += len(piece)
        self._code.see(piece)
        self._tail = (self._tail + piece)[-_LONGEST_LOOP * (_LOOPS + 1) :]
        if self.end is None and not self._code.inside and self.safe - self._looked_at >= _LOOK_CHARS:
            self._looked_at = self.safe
            self.end = self.safe if _loops(self._tail) else None


class CourtesyEnd:
    """A paragraph that only offers more help begins: what came before is the answer. Never within code."""

    why = "what follows is a courtesy"

    def __init__(self) -> None:
        self.safe = 0
        self.end: int | None = None
        self._seen = 0
        self._paragraph = ""
        self._begins = 0  # of the paragraph
        self._answered = 0  # end of the last words before it
        self._code = _Code()

    def see(self, piece: str) -> None:
        self._seen += len(piece)
        self._code.see(piece)
        self._paragraph += piece
        while (blank := _BLANK.search(self._paragraph)) is not None:
            before = self._paragraph[: blank.start()].rstrip()
            self._answered = self._begins + len(before) if before else self._answered
            self._begins += blank.end()
            self._paragraph = self._paragraph[blank.end() :]
        self.safe = self._seen
        if not self._answered or self._code.inside or self.end is not None:
            return
        said = self._paragraph[: 2 * _HELD_CHARS].lstrip().lower().replace("’", "'")
        if _COURTESY.match(said):
            self.end = self._answered
        elif said and len(said) < _HELD_CHARS and any(one.startswith(said) or said.startswith(one) for one in _OPENERS):
            self.safe = self._begins


class _Code:
    """Whether an answer is within a fence, as far as it was seen."""

    def __init__(self) -> None:
        self.inside = False
        self._line = ""

    def see(self, piece: str) -> None:
        *whole, self._line = (self._line + piece).split("\n")
        for line in whole:
            self.inside ^= _FENCE.match(line) is not None
        self._line = self._line[:_HELD_CHARS]


def _loops(tail: str) -> bool:
    """Whether a text ends with the same stretch often enough."""
    if tail.lstrip()[:1] in ("{", "[", "<", "|"):
        return False
    before = tail.rfind(tail[-_KEY_CHARS:], 0, len(tail) - 1)
    period = len(tail) - _KEY_CHARS - before
    length = max(_LOOP_CHARS, _LOOPS * period)
    stretch = tail[-period:]
    if before < 0 or period > _LONGEST_LOOP or len(tail) < length or "|" in stretch or not _WORDS.search(stretch):
        return False
    return tail[-length:-period] == tail[-length + period :]
