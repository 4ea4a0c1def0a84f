"""Logs: every kind of line and every error stays; of the rest, how often, until when, and what the question asks for.

The shortest rung shows one line of every template as it stood and every error line, in the order of the log; where a
template has many lines they are written as rows of values (`log_text`), which say all of the line at a fraction of its
tokens. Every rung adds lines: first what the question is about, then the second line of every template, the third, and
so on. The last rung shows all lines, so it is lossless, and still a good deal shorter than the log.

Where the kinds and errors alone are most of the log (free text, a dump), they come first but no rung is bound to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision, Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.line_ladder import line_ladder
from sparing.reducers.log_columns import clock_of
from sparing.reducers.log_forms import Form, form_of
from sparing.reducers.log_text import FormedLog, label, reads_as_mark, write
from sparing.reducers.log_worth import LineWorth, weigh
from sparing.reducers.templates import GLUE, Templates, mine
from sparing.reducers.units import Units, line_gap

_NAME = "log_lines.v1"
_MIN_LINES = 6
_MIN_ROWS = 4  # a form names its values once more: fewer lines are as short as they stand
_SAMPLE = 16
_WORTH_FORMS = 0.9  # below this share of the log's tokens, rows are worth their explanation
_MOST_MUST = 0.5
_MARK_TOKENS = 9  # a shorter line is not worth saying that it is left out


class LogLines:
    """Implements `core.reducer.Reducer` for lines that repeat a limited set of statements."""

    name = _NAME
    content = frozenset({Content.LOG.value})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        if text.count("\n") < _MIN_LINES:
            return Skip(f"fewer than {_MIN_LINES} lines")
        templates = mine(text, ask.deadline)
        bounds = list(accumulate([len(line) + len(templates.newline) for line in templates.lines], initial=0))
        bounds[-1] = len(text)
        weights = weigh(text, bounds, templates, ask)
        log = None if GLUE in text else _formed(templates, weights, ask.deadline)
        ladder = _ladder(log, text, bounds, weights, ask) if log else None
        return ladder or _plain(templates, text, bounds, weights, ask.counter)


@dataclass(frozen=True)
class LogLadder:
    """Rung r shows the first ``first + r`` lines of the order, rows where a line has one. See `core.ladder.Ladder`."""

    log: FormedLog
    bounds: Sequence[int]
    order: Sequence[int]
    first: int
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str = _NAME

    def render(self, rung: int) -> Rendition:
        kept = _mask(self.order[: self.first + rung], len(self.order))
        head, pieces = write(self.log, kept)
        elisions = tuple(_elisions(kept, self.bounds))
        return Rendition(head + "".join(pieces), self.tokens[rung], self.worth[rung], "lines", elisions, self.reducer)


def _formed(templates: Templates, weights: LineWorth, deadline: Deadline) -> FormedLog | None:
    """The log in forms, or None where there are none or they could be mistaken for lines."""
    lines = templates.lines
    first_of = [0] * len(lines)
    row_of = [-1] * len(lines)
    members: dict[int, Sequence[int]] = {}
    forms: dict[int, Form] = {}
    for found in templates.members:
        deadline.check()
        first = found[0]
        for line in found:
            first_of[line] = first
        if len(found) == 1 or not lines[first]:
            continue
        members[first] = found
        form = _form_that_pays([templates.glued[k] for k in found], templates.separator)
        if form is None:
            continue
        forms[first] = form
        for row, line in enumerate(found):
            if not row or line not in weights.as_they_stood:
                row_of[line] = row
    labels = frozenset(label(k) for k in range(len(forms)))
    if not forms or any(row <= 0 and reads_as_mark(lines[line], labels) for line, row in enumerate(row_of)):
        return None
    clocks = {first: clock_of(lines[found[-1]]) for first, found in members.items()}
    return FormedLog(lines, templates.newline, templates.closed, first_of, members, clocks, forms, row_of)


def _form_that_pays(lines: Sequence[str], separator: str) -> Form | None:
    form = form_of(lines, separator) if len(lines) >= _MIN_ROWS else None
    if form is None:
        return None
    naming = sum(map(len, form.values)) + len(form.values) + 12
    sample = range(min(_SAMPLE, len(lines)))
    saved = sum(len(lines[k]) - sum(map(len, form.rows[k])) - len(form.values) - 2 for k in sample) / len(sample)
    return form if saved * (len(lines) - 1) > naming else None


def _ladder(log: FormedLog, text: str, bounds: Sequence[int], weights: LineWorth, ask: Ask) -> LogLadder | None:
    """The ladder of a log in forms, or None where writing it so saves little."""
    counter = ask.counter
    head, pieces = write(log, bytearray(b"\x01") * len(log.lines))
    ask.deadline.check()
    whole = head + "".join(pieces)
    most, source = counter.count(whole), counter.count(text)
    if most > source * _WORTH_FORMS:
        return None
    starts = list(accumulate(map(len, pieces), initial=len(head)))
    costs = counter.split(whole, starts)
    always = log.forms.keys() | {
        line for line, cost in enumerate(costs) if log.row_of[line] < 0 and cost < _MARK_TOKENS and pieces[line]
    }
    ask.deadline.check()
    must = weights.must | always
    least = _tokens_of(log, must, counter)
    if least > source * _MOST_MUST:
        must = weights.pinned | always
        least = _tokens_of(log, must, counter)
    order = [line for line in weights.order if line in must] + [line for line in weights.order if line not in must]
    tokens = _between(least, max(least, most), [costs[line] for line in order[len(must) :]])
    gained = list(accumulate([weights.worth[line] for line in order], initial=0.0))
    total = gained[-1] or 1.0
    return LogLadder(log, bounds, order, len(must), tokens, [gain / total for gain in gained[len(must) :]])


def _tokens_of(log: FormedLog, lines: frozenset[int], counter: Counter) -> int:
    head, pieces = write(log, _mask(sorted(lines), len(log.lines)))
    return counter.count(head + "".join(pieces))


def _between(least: int, most: int, costs: Sequence[int]) -> list[int]:
    """Tokens after each further line: from `least` to `most`, in steps as large as the lines' own costs.

    A row costs a little less the more of its neighbours are shown, so the costs do not add up to the difference.
    """
    total = sum(costs) or 1
    return [least + (most - least) * done // total for done in accumulate(costs, initial=0)]


def _plain(
    templates: Templates, text: str, bounds: Sequence[int], weights: LineWorth, counter: Counter
) -> Ladder | Skip:
    """The ladder of a log without forms: its lines, blank ones together with the line above."""
    lines = [line for line, content in enumerate(templates.lines) if content.strip()]
    if not lines:
        return Skip("nothing but blank lines")
    starts = [bounds[line] for line in lines] + [len(text)]
    tokens = counter.split(text, starts)
    unit_of = {line: unit for unit, line in enumerate(lines)}
    must = frozenset(unit_of[line] for line in weights.must if line in unit_of)
    if sum(tokens[unit] for unit in must) > sum(tokens) * _MOST_MUST:
        must = frozenset(unit_of[line] for line in weights.pinned if line in unit_of)
    worth = [weights.worth[line] for line in lines]
    order = [unit_of[line] for line in weights.order if line in unit_of]
    units = Units(text, starts, worth, "lines", line_gap("lines"), _NAME, order, must, tokens)
    return line_ladder(units, counter)


def _mask(lines: Sequence[int], size: int) -> bytearray:
    kept = bytearray(size)
    for line in lines:
        kept[line] = 1
    return kept


def _elisions(kept: bytearray, bounds: Sequence[int]) -> list[Elision]:
    found = []
    start = kept.find(0)
    while start >= 0:
        end = kept.find(1, start)
        end = len(kept) if end < 0 else end
        found.append(Elision(bounds[start], bounds[end], end - start))
        start = kept.find(0, end)
    return found
