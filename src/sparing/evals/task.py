"""The nouns of an evaluation: a sample, what it scores, and the task that draws and scores samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sparing.evals.data import Source
from sparing.evals.splits import Split, split_of

if TYPE_CHECKING:
    from sparing.evals.report import Report

Gold = TypeVar("Gold")


@dataclass(frozen=True, slots=True)
class Sample(Generic[Gold]):
    """One text to reduce.

    Attributes:
        text: What a method sees, with `question`; it never sees `gold`.
        question: What the text is for, "" when nobody asks.
        gold: What has to survive, in the task's own form.
        group: Breakdown the report shows, for example a language or a log system.
    """

    id: str
    text: str
    question: str
    gold: Gold
    group: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """`got` out of `of`. Totals are pooled: the mean of many is the sum of `got` over the sum of `of`."""

    got: float
    of: float = 1.0

    @property
    def share(self) -> float:
        """got / of, 0..1; 1 when there was nothing to keep."""
        return self.got / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Draw:
    """Which samples to take.

    Attributes:
        data_dir: Root of the data sets; unused by tasks that generate theirs.
        n: How many samples at most.
        option: Task's own choice, what follows the colon in ``xquad:de``.
        split: Only groups (articles, meetings, reports) of this part of the data; None: all. See `splits`.
        minutes: How long, where a measurement takes as long as it is told; None: its own choice.
    """

    data_dir: Path
    n: int
    seed: int = 0
    option: str = ""
    split: Split | None = None
    minutes: float | None = None

    def takes(self, kind: str, group_id: str) -> bool:
        """Whether samples of a group may be drawn."""
        return self.split is None or split_of(kind, group_id) == self.split


@dataclass(frozen=True)
class Task(Generic[Gold]):
    """Text in, reduced text out, scored against gold evidence.

    Attributes:
        row: Row of the scoreboard, 0 if none.
        metric: Key of the headline number among those that `score` returns.
        budgets: Shares of the text's tokens that a method may keep; None leaves the choice to the method.
        n: Default number of samples.
        floors: Metric -> least value at which savings count; empty where the budget is the yardstick.
        reference: Method that the others are compared with, pair by pair.
        methods: Run by default.
        part: What a sample's text is in a conversation: ``document`` or ``tool_result`` (see `sparing.reduce_text`).
        splits: Whether `load` heeds the draw's split.
    """

    name: str
    row: int
    title: str
    metric: str
    budgets: tuple[float | None, ...]
    n: int
    load: Callable[[Draw], list[Sample[Gold]]]
    score: Callable[[Sample[Gold], str], Mapping[str, Tally]]
    source: Source | None = None
    floors: Mapping[str, float] = field(default_factory=dict)
    reference: str = "bm25"
    methods: tuple[str, ...] = ("sparing", "head", "tail", "random", "bm25")
    part: str = "document"
    splits: bool = False


@dataclass(frozen=True)
class Bench:
    """A measurement that is not text in, text out: speed, a running gateway.

    Attributes:
        measure: Takes the draw and the names asked for (empty: all) and gives the finished report.
        methods: Names that it takes, where it compares methods.
        splits: Whether `measure` heeds the draw's split.
    """

    name: str
    row: int
    title: str
    n: int
    measure: Callable[[Draw, tuple[str, ...]], Report]
    methods: tuple[str, ...] = ()
    splits: bool = False


AnyTask = Task[Any] | Bench
