"""Row 6 as messages: do slot values survive when the old messages of a conversation are elided, each for itself?

Every message of a dialogue of Schema-Guided Dialogue gets the ladder of `reducers.history`, which knows nothing of the
other messages; the planner picks the rungs under a budget for the whole. Beside it: leaving out the oldest messages,
which is what most clients do. Values and their matching as in the task `sgd`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from sparing.core.content import Content
from sparing.core.ladder import Skip
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.evals.data import provenance
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw, Sample
from sparing.evals.tasks import sgd
from sparing.evals.units import o200k
from sparing.fit import fit
from sparing.offer import Offer
from sparing.reducers.history import old_turn_ladder
from sparing.rungs import as_it_is

_BUDGETS = (0.50, 0.25)
_ROLES = {"USER": "user", "SYSTEM": "assistant"}


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """One method at one budget.

    Attributes:
        kept: Tokens after / before, mean over the dialogues.
        over: Dialogues whose messages must stay beyond the budget; they are sent at their shortest.
    """

    method: str
    budget: float
    kept: float
    slot_values: float
    over: int


Shorten = Callable[[Sequence[Message], int], list[str]]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Compare the methods asked for, all by default, over n dialogues."""
    samples = sgd.load(draw)
    methods = {name: method for name, method in _METHODS.items() if not names or name in names}
    points = [_point(name, method, samples, budget) for name, method in methods.items() for budget in _BUDGETS]
    rows = tuple(
        (p.method, f"{100 * p.budget:.0f} %", f"{100 * p.kept:.1f} %", f"{100 * p.slot_values:.1f}", str(p.over))
        for p in points
    )
    return Report(
        "old_turns",
        "SGD as messages, slot values when old turns are elided (scoreboard row 6)",
        (Table("", ("method", "budget", "kept", "slot_values", "over"), rows),),
        notes=(
            f"n = {len(samples)}, seed {draw.seed}; tokens are o200k of the messages' texts, marks counted.",
            provenance(sgd.SOURCE, draw.data_dir),
        ),
        data={"row": 6, "n": len(samples), "seed": draw.seed, "points": [_as_json(p) for p in points]},
    )


def _point(name: str, shorten: Shorten, samples: Sequence[Sample[tuple[str, ...]]], budget: float) -> Point:
    count = o200k().count
    kept, over = [], 0
    got = of = 0
    for sample in samples:
        messages = [_message(line) for line in sample.text.splitlines()]
        before = sum(count(message.text) for message in messages)
        texts = shorten(messages, int(budget * before))
        after = sum(map(count, texts))
        kept.append(after / before)
        over += after > budget * before
        got += sum(sgd.holds("\n".join(texts), value) for value in sample.gold)
        of += len(sample.gold)
    return Point(name, budget, fmean(kept), got / of, over)


def _message(line: str) -> Message:
    speaker, _, text = line.partition(": ")
    return Message(_ROLES.get(speaker, "user"), text)


def _elided(messages: Sequence[Message], budget_tokens: int) -> list[str]:
    offers, ladders = [], []
    whole = sum(o200k().count(message.text) for message in messages)
    for message in messages:
        ask = Ask(o200k())
        tokens = o200k().count(message.text)
        ladder = old_turn_ladder(message.text, message.role, ask)
        span = Span("", Kind(message.role), message.text, None)
        offers.append(Offer(span, Content.PROSE, ask, tokens, ladder, prior=tokens / whole))
        ladders.append(as_it_is(message.text, tokens) if isinstance(ladder, Skip) else ladder)
    return [change.rendition.text for change in fit(offers, ladders, budget_tokens)[0]]


def _newest(messages: Sequence[Message], budget_tokens: int) -> list[str]:
    texts: list[str] = []
    room = budget_tokens
    for message in reversed(messages):
        room -= o200k().count(message.text)
        if room < 0:
            break
        texts.append(message.text)
    return texts[::-1]


def _as_json(point: Point) -> dict[str, object]:
    return {
        "method": point.method,
        "budget": point.budget,
        "kept": round(point.kept, 4),
        "slot_values": round(point.slot_values, 4),
        "over": point.over,
    }


_METHODS: dict[str, Shorten] = {"sparing": _elided, "newest": _newest}

BENCH = Bench("old_turns", 6, "SGD as messages, old turns elided", 200, measure)
