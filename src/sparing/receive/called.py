"""Which tool a call id stands for, and which calls without an id are still open."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple


class Step(NamedTuple):
    """What one call or result did: 1 opens a call without an id, -1 closes the oldest of its name."""

    pair: str
    name: str
    opens: int = 0


class Called:
    """Grows with the messages of a request.

    Attributes:
        steps: All that was done, so that it can be done again (see `spans.Spans.message`).
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._names: dict[str, str] = {}
        self._open: defaultdict[str, deque[str]] = defaultdict(deque)

    def name_of(self, pair: str) -> str:
        """The tool that was called, "" if it is not known."""
        return self._names.get(pair, "")

    def call(self, pair: str, name: str) -> None:
        """A call with an id."""
        self._do(Step(pair, name))

    def open(self, name: str, message: int) -> str:
        """A call without an id, which gets one that is unique in the request."""
        pair = f"{name}#{message}.{len(self._open[name])}"
        self._do(Step(pair, name, 1))
        return pair

    def close(self, name: str) -> str:
        """The oldest open call of a tool is answered; its id, "" if there is none."""
        if not self._open[name]:
            return ""
        pair = self._open[name][0]
        self._do(Step(pair, name, -1))
        return pair

    def again(self, steps: Iterable[Step]) -> None:
        """Do what was done before, in a request that begins with the same messages."""
        for step in steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        self.steps.append(step)
        if step.opens < 0:
            self._open[step.name].popleft()
            return
        self._names[step.pair] = step.name
        if step.opens > 0:
            self._open[step.name].append(step.pair)
