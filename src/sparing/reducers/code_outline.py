"""Source code as an outline: names, signatures, imports and constants stay; bodies are folded, the asked-for one last.

The ladder begins below the skeleton for budgets that are smaller still (what the question names, then headers), reaches
the skeleton at `Outline.skeleton`, and then adds first lines of docstrings, and bodies by relevance: definitions
whose names stand in the question first, then what they call and what calls them, then the rest. Whole lines are kept or
folded, so strings and braces are safe; a fold is a comment of the language (``# … 14 lines``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.code_indent import find_entries_by_indent
from sparing.reducers.code_marks import Markers, without_row_numbers
from sparing.reducers.code_parts import Layout, lay_out
from sparing.reducers.code_rank import rank
from sparing.reducers.code_tree import Entry, find_entries
from sparing.reducers.grammars import LANGUAGES, Language
from sparing.reducers.part_ladder import PartLadder, part_ladder
from sparing.reducers.relevance import question_words, score
from sparing.reducers.sniff import language_of
from sparing.reducers.units import Units, unit_ladder

_FEWEST_CHARS = 240  # a marker or two would eat the gain
_BLANK = re.compile(r"\n+")
_MOST_PARSED_CHARS = 1_500_000  # a syntax tree takes some 30 times the memory of its text
_BLOCK_CHARS = 120  # shorter blocks go with the next one, so that a marker is shorter than what it stands for


@dataclass(frozen=True)
class Outline:
    """The ladder of an outlined file. See `core.ladder.Ladder`.

    Attributes:
        skeleton: The rung at which every name, signature and import is there.
    """

    parts: PartLadder
    skeleton: int

    @property
    def reducer(self) -> str:
        return self.parts.reducer

    @property
    def tokens(self) -> Sequence[int]:
        return self.parts.tokens

    @property
    def worth(self) -> Sequence[float]:
        return self.parts.worth

    def render(self, rung: int) -> Rendition:
        return self.parts.render(rung)


class CodeOutline:
    """Implements `core.reducer.Reducer` for source code."""

    name = "code_outline.v1"
    content = frozenset({str(Content.CODE)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A ladder of outlines, or of blocks of lines where nothing can be outlined but something was asked.

        Raises:
            DeadlineExceeded: Parsing is stopped in the middle when the time is up.
        """
        ask.deadline.check()
        if len(text) < _FEWEST_CHARS:
            return Skip("too short to outline")
        plain = without_row_numbers(text)
        language = _language(plain, ask.name)
        entries = _entries(plain, language, ask)
        ask.deadline.check()
        layout = lay_out(text, plain, entries)
        markers = Markers(language.comment if language else _comment(plain), bool(language and language.suites))
        if len(layout.owners) > 1:
            return _outline(layout, markers, ask)
        return _blocks(text, markers, ask)


def _language(text: str, name: str) -> Language | None:
    guessed = language_of(text, name)
    if guessed == "c" and name.endswith(".h") and language_of(text) == "cpp":
        guessed = "cpp"
    return LANGUAGES.get(guessed or "")


def _entries(text: str, language: Language | None, ask: Ask) -> list[Entry]:
    if language is not None and len(text) <= _MOST_PARSED_CHARS:
        found = find_entries(text, language, ask.deadline)
        if found is not None:
            return found
    return find_entries_by_indent(text, ask.deadline)


def _outline(layout: Layout, markers: Markers, ask: Ask) -> Outline:
    ranking, skeleton = rank(layout, ask)
    ladder = part_ladder(layout, partial(markers.of, layout), ranking, markers.sample, ask.counter, CodeOutline.name)
    return Outline(ladder, max(0, skeleton - ranking.fixed))


def _blocks(text: str, markers: Markers, ask: Ask) -> Ladder | Skip:
    """Blocks of lines between blank lines, by relevance."""
    if not ask.question or not question_words(ask.question.text):
        return Skip("no definitions to fold and no question to choose lines by")
    bounds = _block_bounds(text)
    if len(bounds) < 3:
        return Skip("one block of lines without definitions")
    pinned = {i for i in range(len(bounds) - 1) for pin in ask.pins if pin and pin in text[bounds[i] : bounds[i + 1]]}
    units = Units(
        text,
        bounds,
        [0.01 + value for value in score(text, bounds, ask.question)],
        "blocks",
        lambda n: f"{markers.comment} … {n} block{'s' if n > 1 else ''} of lines\n",
        CodeOutline.name,
        must=frozenset(pinned),
    )
    return unit_ladder(units, ask.counter)


def _block_bounds(text: str) -> list[int]:
    bounds = [0]
    at = text.find("\n\n", _BLOCK_CHARS)
    while at >= 0:
        bounds.append(at + len(_BLANK.findall(text, at, at + _BLOCK_CHARS)[0]))
        at = text.find("\n\n", bounds[-1] + _BLOCK_CHARS)
    if bounds[-1] < len(text):
        bounds.append(len(text))
    return bounds


def _comment(text: str) -> str:
    """What opens a comment in a language that is not known: what most lines that look like comments open with."""
    counts = {opening: text.count(f"\n{opening} ") + text.count(f" {opening} ") for opening in ("//", "#", "--")}
    best = max(counts, key=lambda opening: counts[opening])
    return best if counts[best] else ("//" if "{" in text else "#")
