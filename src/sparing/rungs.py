"""Ladders made of other ladders, or of a single rendition. See `core.ladder.Ladder`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sparing.core.ladder import Ladder, Rendition


@dataclass(frozen=True, slots=True)
class OneRung:
    """A ladder of one rung: this rendition."""

    rendition: Rendition

    @property
    def reducer(self) -> str:
        return self.rendition.reducer

    @property
    def tokens(self) -> tuple[int]:
        return (self.rendition.tokens,)

    @property
    def worth(self) -> tuple[float]:
        return (self.rendition.worth,)

    def render(self, rung: int) -> Rendition:
        return self.rendition


def as_it_is(text: str, tokens: int) -> OneRung:
    """The text itself, and nothing shorter."""
    return OneRung(Rendition(text, tokens, 1.0, "", (), ""))


@dataclass(frozen=True, slots=True)
class WholeOnly:
    """A ladder of one rung: the last, lossless one of another ladder."""

    ladder: Ladder

    @property
    def reducer(self) -> str:
        return self.ladder.reducer

    @property
    def tokens(self) -> tuple[int]:
        return (self.ladder.tokens[-1],)

    @property
    def worth(self) -> tuple[float]:
        return (self.ladder.worth[-1],)

    def render(self, rung: int) -> Rendition:
        return self.ladder.render(len(self.ladder.tokens) - 1)


@dataclass(frozen=True)
class FromRung:
    """The rungs of another ladder from one of them up."""

    ladder: Ladder
    first: int

    @property
    def reducer(self) -> str:
        return self.ladder.reducer

    @cached_property
    def tokens(self) -> Sequence[int]:
        return self.ladder.tokens[self.first :]

    @cached_property
    def worth(self) -> Sequence[float]:
        return self.ladder.worth[self.first :]

    def render(self, rung: int) -> Rendition:
        """A rung of the ladder it belongs to."""
        return self.ladder.render(self.first + rung)


@dataclass(frozen=True)
class Below:
    """Two ladders of one text: the rungs of `under` that are shorter than all of `over`, then those of `over`."""

    under: Ladder
    over: Ladder

    @property
    def reducer(self) -> str:
        return self.over.reducer

    @cached_property
    def _num_under(self) -> int:
        return bisect_left(self.under.tokens, self.over.tokens[0])

    @cached_property
    def tokens(self) -> list[int]:
        return [*self.under.tokens[: self._num_under], *self.over.tokens]

    @cached_property
    def worth(self) -> list[float]:
        share = self.over.worth[0]
        return [*(worth * share for worth in self.under.worth[: self._num_under]), *self.over.worth]

    def render(self, rung: int) -> Rendition:
        """A rung of the ladder it belongs to."""
        return self.under.render(rung) if rung < self._num_under else self.over.render(rung - self._num_under)
