"""What may come of each depth of thought and each ceiling: how long the answer gets, and whether it is any worse.

None of that depends on the request itself, so it is worked out when what is known of lengths or of thoughts changes,
and looked up by the requests until then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from operator import add
from typing import Final, NamedTuple, TypeVar

import msgspec

_REMEMBERED: Final = 1_024
K = TypeVar("K")
V = TypeVar("V")


class Depth(msgspec.Struct, frozen=True):
    """How much thought.

    Attributes:
        name: As the wire formats know it; "" for what the request asks for.
        answer_factor: Tokens of the answer, thoughts left out, in proportion to what the request asks for.
        loss: Chance that the answer is worse for it; below 0 where it is better than what the request asks for.
        thoughts: Tokens of thought, equally likely ones, rising, as many as there are lengths; none: no thought. Of two
            depths of a tier one has more of them all.
    """

    name: str = ""
    answer_factor: float = 1.0
    loss: float = 0.0
    thoughts: Sequence[float] = ()


class Answer(NamedTuple):
    """Attributes:
    lengths: To be expected, thoughts included, equally likely ones.
    tokens: Their mean.
    kept: Chance that it is no worse for its depth and ceiling; more than 1 where it is better.
    """

    depth: Depth
    ceiling: int | None
    lengths: Sequence[float]
    tokens: float
    kept: float


class Priced(NamedTuple):
    """Attributes:
    each: Price of an answer's tokens, and the chance that it is good.
    front: Those of them than which none is both as cheap and as good, both rising.
    """

    output_usd: float
    loss: float
    each: list[tuple[float, float]]
    front: list[tuple[float, float]]


class Answers:
    """The answers of one choice of depths and ceilings."""

    __slots__ = ("_priced", "_soonest", "rows")

    def __init__(self, rows: list[Answer]) -> None:
        self.rows = rows
        self._soonest: Answer | None = None
        self._priced: Priced | None = None

    @property
    def soonest(self) -> Answer:
        """One that takes no longer than any of these."""
        if self._soonest is None:
            self._soonest = soonest_of(self.rows)
        return self._soonest

    def priced(self, output_usd: float, loss: float) -> Priced:
        """Of each, what its tokens cost and the chance that it is good.

        Args:
            output_usd: For a token.
            loss: Of the tier.
        """
        known = self._priced
        if known is None or known.output_usd != output_usd or known.loss != loss:
            # More thought makes up for a smaller model, and for nothing that was left out.
            each = [(one.tokens * output_usd, min(1.0, (1 - loss) * one.kept)) for one in self.rows]
            known = self._priced = Priced(output_usd, loss, each, _front(each))
        return known


class Remembered:
    """Answers, by what they were worked out from: the very same depths and lengths, which whoever learns more replaces.

    What was not asked for the longest is forgotten.
    """

    def __init__(self) -> None:
        # What an id stands for is kept beside it, so that no other object can have it meanwhile.
        self._known: OrderedDict[tuple[object, ...], tuple[object, object, Answers]] = OrderedDict()
        self._within: OrderedDict[tuple[int, int], tuple[object, Sequence[float]]] = OrderedDict()

    def of(
        self,
        depths: Sequence[Depth],
        ceilings: tuple[int | None, ...],
        lengths: Sequence[float],
        most_tokens: int | None,
    ) -> Answers:
        """See `answers_of`."""
        key = (id(lengths), most_tokens, ceilings, *map(id, depths))
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found[2]
        made = Answers(answers_of(depths, ceilings, lengths, most_tokens))
        _put(self._known, key, (tuple(depths), lengths, made))
        return made

    def within(self, lengths: Sequence[float], most_tokens: int | None) -> Sequence[float]:
        """These lengths, none above the most; the very same for the same ones."""
        if most_tokens is None:
            return lengths
        key = id(lengths), most_tokens
        found = self._within.get(key)
        if found is not None:
            self._within.move_to_end(key)
            return found[1]
        made = [min(length, float(most_tokens)) for length in lengths]
        _put(self._within, key, (lengths, made))
        return made

    def __len__(self) -> int:
        return len(self._known)


def _front(each: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    front: list[tuple[float, float]] = []
    for usd, kept in sorted(each):
        if front and front[-1][0] == usd:
            front.pop()
        if not front or kept > front[-1][1]:
            front.append((usd, kept))
    return front


def _put(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    if len(known) > _REMEMBERED:
        known.popitem(last=False)


def answers_of(
    depths: Sequence[Depth], ceilings: Sequence[int | None], lengths: Sequence[float], most_tokens: int | None
) -> list[Answer]:
    """What may come of each depth and ceiling.

    Left out: a ceiling that no answer would reach, and one that thoughts alone are sure to pass where less may be
    thought; both are as dear as another of these and no better.
    """
    found = []
    least = min(_most_thought(depth) for depth in depths)
    num = len(lengths)
    for depth in depths:
        said = lengths if depth.answer_factor == 1.0 else [length * depth.answer_factor for length in lengths]
        whole = list(map(add, said, depth.thoughts)) if depth.thoughts else said
        kept = 1 - depth.loss
        if most_tokens is not None and whole[-1] > most_tokens:
            if depth.thoughts:
                fits = [full <= most_tokens or one >= most_tokens for one, full in zip(said, whole, strict=True)]
                kept *= sum(fits) / num
            whole = _cut(whole, bisect_right(whole, most_tokens), most_tokens)
        for ceiling in ceilings:
            if ceiling is None:
                found.append(Answer(depth, None, whole, sum(whole) / num, kept))
                continue
            within = bisect_right(whole, ceiling)
            if (within == num and None in ceilings) or (not within and _most_thought(depth) > least):
                continue
            cut = _cut(whole, within, ceiling)
            found.append(Answer(depth, ceiling, cut, sum(cut) / num, kept * within / num))
    return found


def _most_thought(depth: Depth) -> float:
    return depth.thoughts[-1] if depth.thoughts else 0.0


def _cut(rising: Sequence[float], within: int, most: int) -> list[float]:
    """Lengths, those behind so many cut to the most."""
    return [*rising[:within], *[float(most)] * (len(rising) - within)]


def soonest_of(answers: Sequence[Answer]) -> Answer:
    """One that takes no longer than any of these."""
    said = [
        [n - t for n, t in zip(one.lengths, one.depth.thoughts, strict=True)] if one.depth.thoughts else one.lengths
        for one in answers
    ]
    return Answer(Depth(), None, [max(0.0, min(column)) for column in zip(*said, strict=True)], 0.0, 1.0)
