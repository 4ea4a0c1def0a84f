"""Search results: the path once per file, then the hits that matter, with every file represented before any is full.

The last rung shows all hits, grouped under their file's path where that is shorter (ripgrep's own layout); a file with
a single hit keeps its line as it stood. Rungs before it leave out whole hits. Order: what fits the question, lines that
define something before lines that use it, a line unlike the others before the next of many that are alike, and the
first hit of every file before the second of any.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Elision, Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.grep_lines import Hits, parse_hits
from sparing.reducers.relevance import score
from sparing.reducers.templates import mine

_NAME = "grep_hits.v1"
_MIN_HITS = 4
_SHORTEST_GAP_CHARS = 48  # what is left out must be longer than what says so
_RELEVANT, _DEFINES, _BESIDE, _ASIDE = 4.0, 1.5, 0.4, 0.5

_JUDGED_CHARS = 200
_CODE = re.compile(r"(?:[0-9]+[:-]){0,2}[ \t]*")
_DEFINITION = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|inline|pub(?:\([\w ]*\))?"
    r"|unsafe|override|open|data|sealed|extern|virtual|const)\s+){0,6}(?:def|class|func|function|fun|fn|struct|interface|trait"
    r"|enum|type|impl|module|namespace|package|macro_rules!|#define|CREATE TABLE)\b"
)
_ASIDE_PATH = re.compile(
    r"(?:^|[\\/])(?:tests?|__tests__|spec|vendor|node_modules|third_party|dist|build)[\\/]|\.(?:lock|min\.)"
)


class GrepHits:
    """Implements `core.reducer.Reducer` for search results."""

    name = _NAME
    content = frozenset({Content.GREP.value})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        hits = parse_hits(text, ask.deadline)
        if hits is None:
            return Skip("not search results")
        if len(hits.starts) < _MIN_HITS:
            return Skip(f"fewer than {_MIN_HITS} hits")
        worth, order, must = _weigh(hits, ask)
        return _ladder(hits, worth, order, must, ask.counter)


@dataclass(frozen=True)
class HitLadder:
    """Rung r shows the first ``first + r`` hits of the order. See `core.ladder.Ladder`.

    Attributes:
        grouped: Whether several hits of a file stand under its path.
    """

    hits: Hits
    grouped: bool
    order: Sequence[int]
    first: int
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str = _NAME

    def render(self, rung: int) -> Rendition:
        kept = bytearray(len(self.order))
        for hit in self.order[: self.first + rung]:
            kept[hit] = 1
        gaps = _gaps(self.hits, kept)
        pieces = _pieces(self.hits, kept, self.grouped)
        text = self.hits.text[: self.hits.begin] + "".join(
            _mark(self.hits, *gaps[hit]) + head + body if hit in gaps else head + body for hit, head, body in pieces
        )
        if len(kept) in gaps:
            text += _mark(self.hits, *gaps[len(kept)])
        elisions = tuple(Elision(self.hits.starts[a], self.hits.ends[b - 1], b - a) for a, b in gaps.values())
        return Rendition(text, self.tokens[rung], self.worth[rung], "hits", elisions, self.reducer)


def _gaps(hits: Hits, kept: bytearray) -> dict[int, tuple[int, int]]:
    """Runs of hits left out, by the hit that follows. A run too short to be worth saying so is kept after all."""
    gaps: dict[int, tuple[int, int]] = {}
    start = kept.find(0)
    while start >= 0:
        end = kept.find(1, start)
        end = len(kept) if end < 0 else end
        if hits.ends[end - 1] - hits.starts[start] < _SHORTEST_GAP_CHARS:
            kept[start:end] = b"\x01" * (end - start)
        else:
            gaps[end] = (start, end)
        start = kept.find(0, end)
    return gaps


def _mark(hits: Hits, start: int, end: int) -> str:
    files = len(set(hits.files[start:end]))
    among = f" in {files} files" if files > 1 else ""
    return f"[… {end - start} hit{'s' * (end - start > 1)}{among}]\n"


def _pieces(hits: Hits, kept: bytearray, grouped: bool) -> list[tuple[int, str, str]]:
    """Each hit that is shown: its index, what heads it (a path, a heading), itself."""
    text, files = hits.text, hits.files
    shown = list(compress(range(len(kept)), kept))
    in_file = Tally([files[hit] for hit in shown])
    pieces = []
    current = -1
    under_path = False
    for hit in shown:
        file = files[hit]
        head = ""
        if file != current:
            current = file
            heading = hits.headings.get(file, -1)
            under_path = grouped and heading < 0 <= file and in_file[file] > 1
            if heading >= 0:
                head = text[heading : text.index("\n", heading) + 1]
            elif under_path:
                head = hits.path(hit) + "\n"
        pieces.append((hit, head, text[hits.cuts[hit] if under_path else hits.starts[hit] : hits.ends[hit]]))
    return pieces


def _codes(hits: Hits) -> list[str]:
    """What the hits show, without path, line number and indentation."""
    text = hits.text
    codes = []
    for cut, end in zip(hits.cuts, hits.ends, strict=True):
        found = _CODE.match(text, cut, end)
        begin = found.end() if found else cut
        codes.append(text[begin : min(end, begin + _JUDGED_CHARS)].partition("\n")[0])
    return codes


def _weigh(hits: Hits, ask: Ask) -> tuple[list[float], list[int], frozenset[int]]:
    """Worth of each hit, the order they are shown in, and those that no rung leaves out."""
    text, size = hits.text, len(hits.starts)
    worth: list[float] = []
    aside: dict[int, bool] = {}
    codes = _codes(hits)
    for hit, (code, file, beside) in enumerate(zip(codes, hits.files, hits.beside, strict=True)):
        if not hit % 512:
            ask.deadline.check()
        if file not in aside:
            aside[file] = _ASIDE_PATH.search(text, hits.starts[hit], hits.cuts[hit]) is not None
        defines = _DEFINES if _DEFINITION.match(code) else 1.0
        worth.append(defines * (_BESIDE if beside else 1.0) * (_ASIDE if aside[file] else 1.0))
    if ask.question:
        scores = score(text, [*hits.starts, len(text)], ask.question, ask.deadline)
        highest = max(scores) or 1.0
        worth = [value * (1 + _RELEVANT * found / highest) for value, found in zip(worth, scores, strict=True)]
    for alike in mine("\n".join(codes), ask.deadline).members:
        for turn, hit in enumerate(sorted(alike, key=lambda hit: -worth[hit]), 1):
            worth[hit] /= turn
    by_file: dict[int, int] = {}
    standing = [0.0] * size
    for hit in sorted(range(size), key=lambda hit: -worth[hit]):
        turn = by_file[hits.files[hit]] = by_file.get(hits.files[hit], 0) + 1
        standing[hit] = worth[hit] / turn
    must = frozenset(
        hit
        for hit in range(size)
        if hits.files[hit] < 0 or any(pin in text[hits.starts[hit] : hits.ends[hit]] for pin in ask.pins)
    )
    return standing, sorted(range(size), key=lambda hit: (hit not in must, -standing[hit])), must


def _ladder(hits: Hits, worth: Sequence[float], order: Sequence[int], must: frozenset[int], counter: Counter) -> Ladder:
    everything = bytearray(b"\x01") * len(order)
    source = counter.count(hits.text)
    grouped = True
    pieces = _pieces(hits, everything, grouped)
    most = counter.count(hits.text[: hits.begin] + "".join(head + body for _, head, body in pieces))
    if most >= source:
        grouped, most = False, source
        pieces = _pieces(hits, everything, grouped)
    parts = [part for _, head, body in pieces for part in (head, body)]
    costs = counter.split("".join(parts), list(accumulate(map(len, parts), initial=0)))
    heads: Tally[int] = Tally()
    for hit, cost in enumerate(costs[::2]):
        heads[hits.files[hit]] += cost
    tokens = _costs(hits, order, heads, costs[1::2], counter.count("[… 99 hits in 9 files]\n"), most)
    gained = list(accumulate([worth[hit] for hit in order], initial=0.0))
    total = gained[-1] or 1.0
    first = len(must)
    return HitLadder(hits, grouped, order, first, tokens[first:], [gain / total for gain in gained[first:]])


def _costs(
    hits: Hits, order: Sequence[int], heads: Tally[int], bodies: Sequence[int], gap_tokens: int, most: int
) -> list[int]:
    """Tokens after each further hit: itself, its file's path with the first of the file, and what marks the gaps."""
    kept = bytearray(len(order) + 2)
    kept[0] = kept[-1] = 1
    shown: set[int] = set()
    cost = gap_tokens
    costs = [cost]
    for hit in order:
        cost += bodies[hit] + gap_tokens * (1 - kept[hit] - kept[hit + 2])
        if hits.files[hit] not in shown:
            shown.add(hits.files[hit])
            cost += heads[hits.files[hit]]
        kept[hit + 1] = 1
        costs.append(cost)
    costs[-1] = most
    for k in range(len(order) - 1, -1, -1):
        costs[k] = min(costs[k], costs[k + 1])
    return costs
