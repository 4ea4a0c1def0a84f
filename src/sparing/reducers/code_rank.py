"""Which parts of a source file come first: what the question names, then what it is about, then what others call."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from sparing.core.deadline import Deadline
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.code_parts import DOC, FOLD, HEAD, NOTES, Layout
from sparing.reducers.code_words import score_parts
from sparing.reducers.part_ladder import Ranking
from sparing.reducers.relevance import question_words

_IDENTIFIER = re.compile(r"[^\W\d]\w+")
# Everything but letters, digits, "_", "$" and the bytes of other scripts becomes a space.
_WORD_BYTES = bytes(b if b >= 128 or chr(b).isalnum() or chr(b) in "_$" else 32 for b in range(256))
_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_MOST_ASKED = 12  # a question that names more definitions than this names none in particular
_LEADERS = 3
_LEADING = 0.5  # of the best match's relevance
_NEIGHBOUR = 0.5  # worth of a caller or callee of what was asked for, beside that of the best match
# Shares of the worth of a file, by what a part is; what was asked for counts on top.
_SHARES = {HEAD: 0.35, DOC: 0.1, FOLD: 0.45, NOTES: 0.1}
_ASKED_SHARE = 2.0


def rank(layout: Layout, ask: Ask) -> tuple[Ranking, int]:
    """Order and weigh the parts.

    Returns:
        The ranking, and how many parts of its order make the skeleton.
    """
    question = ask.question
    asked = asked_for(layout, question) if question else []
    values = _relevance(layout, question, ask.deadline) if question else [0.0] * layout.size
    if asked:
        values = _with_neighbours(layout, asked, values)
    importance = _importance(layout, counted=not question)
    best = max(values, default=0.0) or 1.0
    values = [value / best + 0.01 * use for value, use in zip(values, importance, strict=True)]
    about = layout.about
    within = {entry for root in asked for entry in _subtree(layout, root)}
    within |= {i for i, told in enumerate(about) if told in within}
    pinned = _pinned(layout, ask.pins)
    order, skeleton = _order(layout, values, asked, within, pinned)
    return Ranking(order, _worth(layout, values, within), len(pinned)), skeleton


def asked_for(layout: Layout, question: Question) -> list[int]:
    """Entries whose name stands in the question; of a class and its method, the method."""
    words = {word for word in _IDENTIFIER.findall(question.text) if len(word) > 2 and question_words(word)}
    names = layout.names
    found = [i for i, name in enumerate(names) if name in words]
    parents = {above for i in found for above in _ancestors(layout, i)}
    found = [i for i in found if i not in parents]
    return found if len(found) <= _MOST_ASKED else []


def _order(
    layout: Layout, values: Sequence[float], asked: Sequence[int], within: set[int], pinned: set[int]
) -> tuple[list[int], int]:
    parts = layout.parts
    by_value = sorted(range(len(parts)), key=[-value for value in values].__getitem__)
    head_of = {part.entry: i for i, part in enumerate(parts) if part.kind == HEAD}
    order = dict.fromkeys(sorted(pinned))
    order.update(dict.fromkeys(head_of[above] for i in asked for above in _ancestors(layout, i) if above in head_of))
    whole = [part for part in by_value if parts[part].entry in within]
    for kind in (HEAD, DOC, FOLD, NOTES):
        order.update(dict.fromkeys(part for part in whole if parts[part].kind == kind))
    for part in by_value:
        kind, entry = parts[part]
        if kind == HEAD:
            if entry >= 0 and layout.entries[entry].parent >= 0:
                order.update(dict.fromkeys(head_of[above] for above in _ancestors(layout, entry) if above in head_of))
            order[part] = None
    skeleton = len(order)
    leaders = _leaders(layout, values)
    order.update(dict.fromkeys(part for part in by_value if parts[part].entry in leaders))
    order.update(dict.fromkeys(part for part in by_value if parts[part].kind == DOC))
    # The rest of a comment is half as urgent as code that is as relevant.
    late = [-value * (0.5 if part.kind == NOTES else 1.0) for part, value in zip(parts, values, strict=True)]
    order.update(dict.fromkeys(sorted(by_value, key=late.__getitem__)))
    return list(order), skeleton


def _leaders(layout: Layout, values: Sequence[float]) -> set[int]:
    """The few definitions that are about what was asked, though not named in it: they come whole before comments."""
    best: dict[int, float] = {}
    for part, value in zip(layout.parts, values, strict=True):
        if part.kind == FOLD and part.entry >= 0:
            best[part.entry] = max(value, best.get(part.entry, 0.0))
    top = sorted(best, key=lambda entry: -best[entry])[:_LEADERS]
    return {entry for entry in top if best[entry] >= _LEADING * best[top[0]]}


def _worth(layout: Layout, values: Sequence[float], within: set[int]) -> list[float]:
    """Each kind has its share of the whole, divided by value; what was asked for has a large share to itself."""
    raw = [0.05 + value for value in values]
    sums = dict.fromkeys(_SHARES, 0.0)
    for part, value in zip(layout.parts, raw, strict=True):
        sums[part.kind] += value
    worth = [_SHARES[part.kind] * value / sums[part.kind] for part, value in zip(layout.parts, raw, strict=True)]
    asked = [i for i, part in enumerate(layout.parts) if part.entry in within]
    for i in asked:
        worth[i] += _ASKED_SHARE / len(asked)
    return worth


def _relevance(layout: Layout, question: Question, deadline: Deadline) -> list[float]:
    words = question_words(question.text)
    return _with_names(layout, words, score_parts(layout, words, deadline))


def _with_names(layout: Layout, words: tuple[str, ...], scores: list[float]) -> list[float]:
    """Lift the parts of definitions whose names share words with the question."""
    best = max(scores, default=0.0) or 1.0
    about = layout.about
    may_share = re.compile("|".join(map(re.escape, words))).search
    lifts = [best * _overlap(name, words) if name and may_share(name.lower()) else 0.0 for name in layout.names]
    for (kind, entry), score in zip(layout.parts, scores, strict=True):
        if score and entry >= 0 and kind != FOLD:  # a header or comment that matches speaks for the body too
            lifts[about[entry]] += 0.5 * score
    return [
        score + (lifts[about[entry]] if entry >= 0 else 0.0)
        for (_, entry), score in zip(layout.parts, scores, strict=True)
    ]


def _overlap(name: str, words: tuple[str, ...]) -> float:
    pieces = [piece.lower() for piece in _NAME_PARTS.findall(name)]
    if not pieces:
        return 0.0
    return sum(1 for piece in pieces if piece.startswith(words)) / len(pieces)


def _with_neighbours(layout: Layout, asked: Sequence[int], values: Sequence[float]) -> list[float]:
    """Lift what the asked-for definitions call, and what calls them."""
    names = layout.names
    wanted = {names[i] for i in asked}
    called: set[str] = set()
    for i in asked:
        first, end = layout.entries[i].rows
        called.update(_IDENTIFIER.findall(_rows_text(layout, first, end)))
    callers = {layout.parts[part].entry for part in _parts_naming(layout, wanted)}
    near = callers | {i for i, name in enumerate(names) if name and name in called}
    lift = _NEIGHBOUR * (max(values, default=0.0) or 1.0)
    return [value + lift * (part.entry in near) for part, value in zip(layout.parts, values, strict=True)]


def _parts_naming(layout: Layout, names: Iterable[str]) -> set[int]:
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names)))})\b")
    return {layout.part_at(match.start()) for match in pattern.finditer(layout.text)}


def _importance(layout: Layout, *, counted: bool) -> list[float]:
    """0..1: public, short, and often referred to where that is `counted` (it is all there is without a question)."""
    names = layout.names
    uses = _uses(layout.text, names) if counted else {}
    weights = [math.log2(2 + uses.get(name, 0)) * (0.5 if name.startswith(("_", "#")) else 1.0) for name in names]
    weights.append(1.0)  # the file's own part: its entry is -1
    raw = [weights[entry] / (size + 160) for (_, entry), size in zip(layout.parts, layout.part_chars, strict=True)]
    best = max(raw, default=0.0) or 1.0
    return [value / best for value in raw]


def _uses(text: str, names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, as a word."""
    wanted = {name.encode("utf-8", "replace"): name for name in names if name}
    words = text.encode("utf-8", "replace").translate(_WORD_BYTES).split()
    return {wanted[word]: n for word, n in Counter(filter(wanted.__contains__, words)).items()}


def _pinned(layout: Layout, pins: tuple[str, ...]) -> set[int]:
    """Parts that hold a pin, and the headers that they lie under."""
    head_of = {part.entry: i for i, part in enumerate(layout.parts) if part.kind == HEAD}
    found: set[int] = set()
    for pin in filter(None, pins):
        at = layout.text.find(pin)
        while at >= 0:
            first = bisect_right(layout.bounds, at) - 1
            last = bisect_right(layout.bounds, at + len(pin) - 1) - 1
            found.update(layout.owners[first : last + 1])
            # One hit per run is enough.
            at = layout.text.find(pin, max(at + 1, layout.bounds[last + 1] - len(pin) + 1))
    for part in list(found):
        entry = layout.parts[part].entry
        found.update(head_of[above] for above in (entry, *_ancestors(layout, entry)) if above in head_of)
    return found


def _ancestors(layout: Layout, entry: int) -> list[int]:
    """Outermost first; empty for the file itself."""
    above: list[int] = []
    while entry >= 0 and (entry := layout.entries[entry].parent) >= 0:
        above.append(entry)
    return above[::-1]


def _subtree(layout: Layout, root: int) -> list[int]:
    entries = layout.entries
    end = root + 1
    while end < len(entries) and entries[end].parent >= root:
        end += 1
    return list(range(root, end))


def _rows_text(layout: Layout, first: int, end: int) -> str:
    """Text of the runs that rows ``first`` to ``end`` lie in."""
    start = bisect_right(layout.rows, first) - 1
    stop = bisect_right(layout.rows, max(first, end - 1))
    return layout.text[layout.bounds[start] : layout.bounds[min(stop, len(layout.bounds) - 1)]]
