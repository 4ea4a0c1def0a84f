"""Unified and git diffs: changed lines before context, and every file at least as ``path: +a -b``.

A diff with lines left out no longer applies (`git apply` counts them). It is for reading; where a diff is to be
applied, pin it or let a guard forbid the reduction. Markers begin at the first column with ``[…``, as no line of a
diff does.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from functools import partial

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.code_words import score_parts
from sparing.reducers.diff_parts import BINARY, CHANGE, FAR, FILE, HUNK, NEAR, TEXT, DiffRuns, cut_diff
from sparing.reducers.part_ladder import Ranking, Walls, part_ladder
from sparing.reducers.relevance import question_words

_FEWEST_CHARS = 200
_SAMPLE = "[… 12 context lines]\n"

# Written by tools: nobody reads them line by line.
_MADE_BY_TOOLS = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|[\w.-]+\.lock|[\w.-]+\.lockb)$"
    r"|\.min\.(?:js|css|mjs)$|\.(?:map|snap|svg)$|_pb2(?:_grpc)?\.pyi?$|\.pb\.\w+$|[._-]generated\.\w+$"
    r"|(?:^|/)(?:vendor|node_modules|third_party|dist)/"
)
_LOW = 0.02  # worth of what tools wrote, beside what people wrote

# Worth of a part of a hunk: of itself, and for the relevance (0..1) of the hunk's changes.
_BASE = {CHANGE: 0.2, NEAR: 0.03, FAR: 0.01}
_RELEVANT = {CHANGE: 1.0, NEAR: 0.3, FAR: 0.15}


class Diff:
    """Implements `core.reducer.Reducer` for unified diffs, ``git show`` and ``git log -p``."""

    name = "diff.v1"
    content = frozenset({str(Content.DIFF)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A ladder from one line per file, over changes by relevance, to context and then to what tools wrote.

        Raises:
            DeadlineExceeded: On the way.
        """
        ask.deadline.check()
        if len(text) < _FEWEST_CHARS:
            return Skip("too short to cut")
        runs = cut_diff(text, ask.deadline)
        if not runs.files:
            return Skip("no file header found")
        ranking = _rank(runs, ask)
        return part_ladder(runs, partial(_marker, runs), ranking, _SAMPLE, ask.counter, self.name, _walls(runs, ask))


def _rank(runs: DiffRuns, ask: Ask) -> Ranking:
    values = _values(runs, ask)
    pinned = _pinned(runs, ask.pins)
    heads = {part.file: i for i, part in enumerate(runs.parts) if part.kind == FILE}
    hunks = {part.hunk: i for i, part in reversed(list(enumerate(runs.parts))) if part.hunk >= 0}
    order: dict[int, None] = {}

    def add(index: int) -> None:
        """A part, after the headers it lies under."""
        part = runs.parts[index]
        for above in (heads.get(part.file), hunks.get(part.hunk)):
            if above is not None:
                order[above] = None
        order[index] = None

    for index in sorted(pinned):
        add(index)
    fixed = len(order)
    for index in sorted(range(runs.size), key=lambda i: -values[i]):
        if runs.parts[index].kind not in (FILE, HUNK):
            add(index)
    for index in range(runs.size):  # headers of files without hunks: renames, modes
        order[index] = None
    return Ranking(list(order), values, fixed)


def _values(runs: DiffRuns, ask: Ask) -> list[float]:
    """Worth of each part; the order follows it."""
    words = question_words(ask.question.text) if ask.question else ()
    scores = score_parts(runs, words, ask.deadline)
    # A hunk is about what its own text and its file's name say.
    for index, part in enumerate(runs.parts):
        if part.file >= 0 and part.kind == CHANGE:
            path = runs.files[part.file].path.lower()
            scores[index] += sum(0.5 for word in words if word in path)
    best = max(scores, default=0.0) or 1.0
    of_hunk: dict[int, float] = {}
    for part, score in zip(runs.parts, scores, strict=True):
        of_hunk[part.hunk] = max(of_hunk.get(part.hunk, 0.0), score / best)
    return [_value(runs, index, scores[index] / best, of_hunk) for index in range(runs.size)]


def _value(runs: DiffRuns, index: int, relevance: float, of_hunk: dict[int, float]) -> float:
    part = runs.parts[index]
    if part.kind == TEXT:
        return 1.0 + relevance
    if part.kind == BINARY:
        return 0.0
    if part.kind in (FILE, HUNK):
        return 0.05
    value = _BASE[part.kind]
    if part.kind == CHANGE:  # short changes first: more of them fit
        value /= math.log2(2 + runs.added[index] + runs.removed[index])
    else:
        relevance = of_hunk[part.hunk]
    value += _RELEVANT[part.kind] * relevance
    return value * (_LOW if _MADE_BY_TOOLS.search(runs.files[part.file].path) else 1.0)


def _pinned(runs: DiffRuns, pins: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for pin in filter(None, pins):
        at = runs.text.find(pin)
        while at >= 0:
            first = bisect_right(runs.bounds, at) - 1
            last = bisect_right(runs.bounds, at + len(pin) - 1) - 1
            found.update(runs.owners[first : last + 1])
            # One hit per run is enough.
            at = runs.text.find(pin, max(at + 1, runs.bounds[last + 1] - len(pin) + 1))
    return found


def _walls(runs: DiffRuns, ask: Ask) -> Walls:
    """Where a file begins or ends: every file left out has a line of its own, with its path."""
    files = [runs.parts[owner].file for owner in runs.owners]
    paths = {i: runs.files[part.file].path for i, part in enumerate(runs.parts) if part.kind == FILE}
    return Walls(
        frozenset(run for run in range(1, len(files)) if files[run] != files[run - 1]),
        {part: ask.counter.count(f"{path}: , +12 -3") for part, path in paths.items()},
    )


def _marker(runs: DiffRuns, first: int, end: int) -> str:
    """One line; a file left out as a whole is named."""
    owners = dict.fromkeys(runs.owners[first:end])
    num_lines = runs.rows[end] - runs.rows[first]
    kinds = {runs.parts[owner].kind for owner in owners}
    lines = f"{num_lines} {'context ' if kinds <= {NEAR, FAR} else ''}line{'s' if num_lines > 1 else ''}"
    added, removed = sum(runs.added[i] for i in owners), sum(runs.removed[i] for i in owners)
    changed = f", +{added} -{removed}" if added or removed else ""
    file = runs.parts[runs.owners[first]].file
    name = "".join(f"{word}, " for word in runs.files[file].news) if FILE in kinds else ""
    path = f"{runs.files[file].path}: {name}" if FILE in kinds else ""
    return f"[… {path}{lines}{changed}]\n"
