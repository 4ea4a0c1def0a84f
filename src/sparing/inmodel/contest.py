"""One budget for which the tokens of all layers compete, decided while the layers come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sparing.inmodel.choose import Choice, Judged, pick
from sparing.inmodel.policy import Policy

_MOST = 1.5
"""Budgets' worth of tokens that may be stored before some are dropped: every drop moves what stays."""


@dataclass(slots=True)
class Contest:
    """The layers of one sequence that were scored in the current forward.

    The best of the layers so far stay, and each layer that comes only takes places away: what is dropped on the way
    would be dropped at the end too, and a long prompt is never stored whole (CAKE, arXiv 2503.12491, section 4.3).

    Attributes:
        budget_tokens: Of all rows of all layers together.
    """

    policy: Policy
    budget_tokens: int
    _entered: list[tuple[Judged, Callable[[Choice], None]]] = field(default_factory=list)

    def enter(self, judged: Judged, take: Callable[[Choice], None]) -> None:
        """A layer's tokens. `take` is told which of those that it still has stay, whenever some are dropped."""
        self._entered.append((judged, take))

    def thin(self) -> None:
        """Drop if much more than the budget is stored. Not with a guard, which has to see what is left at the end."""
        if self.policy.min_mass is None and self._stored_tokens > _MOST * self.budget_tokens:
            self._drop(-(-self.budget_tokens // self._rows))

    def end(self, stored_tokens: int) -> None:
        """No more layers will come, and all of them, those that did not enter too, store so much."""
        spare_tokens = self.budget_tokens - (stored_tokens - self._stored_tokens)
        if self._stored_tokens > spare_tokens:
            self._drop(spare_tokens // self._rows)

    @property
    def _stored_tokens(self) -> int:
        return sum(sum(judged.lengths) for judged, _ in self._entered)

    @property
    def _rows(self) -> int:
        return sum(len(judged.lengths) for judged, _ in self._entered)

    def _drop(self, tokens: int) -> None:
        """Down to so many per row on average, of those that entered."""
        choice = pick(Judged.together([judged for judged, _ in self._entered]), self.policy, tokens)
        first = 0
        for place, (judged, take) in enumerate(self._entered):
            here = choice.of(slice(first, first + len(judged.lengths)))
            first += len(judged.lengths)
            take(here)
            self._entered[place] = (judged.only(here.kept), take)
