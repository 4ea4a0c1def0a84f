"""How far the weak model can be trusted with one class of traffic: learned from answers that were asked for twice.

Whenever a weak answer is not enough the strong model is asked, and then it is known for free whether the weak one had
agreed. From these pairs a logistic regression learns which signals go with agreement: stochastic gradient with AdaGrad
steps (Duchi et al. 2011) over signals in standard deviations from their running means. A weak answer is taken where,
of the newest comparisons at its chance and above, a lower bound of the share that agreed is what the operator asks for.

Answers that are taken are not compared, so a few of them are sent on all the same: without those, nobody would notice
that the traffic or the models have changed.

A try that fails is paid for and brings nothing. So the weak model is asked only while the share of its answers that is
taken is, by a lower bound, more than what a try costs where a strong answer costs 1: then a request costs less than
with the strong model alone, the failed tries counted. What is spent on finding out is bounded.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from math import exp, sqrt

import msgspec

_LEAST = 20  # comparisons at a chance and above it, before anything is concluded
_KEPT = 400  # comparisons: the newest
_STEPS = 20  # thresholds that are considered
_NONE = 2.0  # a threshold above every chance: nothing is taken
_RENEWED = 10  # comparisons after which the threshold is worked out anew
_Z = 1.2816  # one-sided 90 %
_STEP, _PENALTY = 0.3, 1e-3
_LEAST_DEVIATION, _EXTREME = 0.05, 4.0
_EXPLORED = 0.03  # of the answers that would be taken, or of the tries that would not pay
_TRIES = 200.0  # remembered, likewise
_WARM, _WARM_PRICE = 200, 20.0  # tries before it is concluded that they do not pay, and strong answers' worth of them


class Learned(msgspec.Struct, frozen=True):
    """What is known of one class of traffic, to be written down: numbers only."""

    weights: tuple[float, ...]
    steps: tuple[float, ...]
    means: tuple[float, ...]
    squares: tuple[float, ...]
    num_learned: int
    compared: tuple[tuple[tuple[float, ...], bool], ...]
    num_tries: int
    tried: float
    taken: float
    paid: float


class Confidence:
    """Of one class of traffic.

    Args:
        num_signals: How many each answer has.
        good_enough: Share of agreement, 0..1, that is asked for.
        price: Of a weak answer, where a strong one costs 1.
        draw: A random share 0..1.
    """

    def __init__(
        self, num_signals: int, good_enough: float, price: float, draw: Callable[[], float] = random.random
    ) -> None:
        self._weights = [0.0] * (num_signals + 1)
        self._steps = [1e-6] * (num_signals + 1)
        self._means, self._squares = [0.0] * num_signals, [0.0] * num_signals  # Welford 1962
        self._num_learned = 0
        self._compared: deque[tuple[tuple[float, ...], bool]] = deque(maxlen=_KEPT)
        self._since = 0
        self._threshold = _NONE
        self._num_tries = 0
        self._tried = self._taken = self._paid = 0.0
        self._good_enough = good_enough
        self._price = price
        self._draw = draw

    def is_worth_trying(self) -> bool:
        """Whether a weak answer is taken often enough to pay for those that are not."""
        if self._price >= 1:
            return False
        return self._is_new or self.pays or self._draw() < _EXPLORED

    @property
    def _is_new(self) -> bool:
        """Whether nothing could be taken yet, and not too much was spent on finding out."""
        few = self._num_tries < min(_WARM, _WARM_PRICE / self._price)
        return few and self._threshold == _NONE and not self._tried

    @property
    def pays(self) -> bool:
        """Whether tries cost less than what the taken answers spare; so it is held until a few were made."""
        if self._price >= 1:
            return False
        if self._tried < _LEAST:
            return self._threshold != _NONE
        return lower_bound(self._taken, self._tried) * self._tried > self._paid

    @property
    def num_compared(self) -> int:
        """Comparisons that it stands on."""
        return len(self._compared)

    def is_enough(self, signals: Sequence[float]) -> bool:
        """Whether an answer with these signals is good enough."""
        return self.chance(signals) >= self._threshold

    def is_explored(self) -> bool:
        """Whether one that is good enough is sent on all the same."""
        return self._draw() < _EXPLORED

    def takes(self, signals: Sequence[float], calls: int = 1) -> bool:
        """Whether an answer with these signals is passed on; counts the try.

        Args:
            calls: Of the weak model that were made for it.
        """
        taken = self.is_enough(signals)
        self._count(taken, calls)
        return taken and not self.is_explored()

    def rejected(self, calls: int = 1) -> None:
        """Count a try that brought no answer at all."""
        self._count(False, calls)

    def released(self) -> None:
        """Count an answer that was passed on before it was whole."""
        self._count(True, 1)

    def chance(self, signals: Sequence[float]) -> float:
        """That such an answer agrees with the strong model's."""
        score = sum(map(float.__mul__, self._weights, self._standard(signals)))
        return 1 / (1 + exp(-max(-30.0, min(30.0, score))))

    def learn(self, signals: Sequence[float], agreed: bool) -> None:
        """Note whether an answer with these signals agreed with the strong model's."""
        self._compared.append((tuple(signals), agreed))
        self._num_learned += 1
        for i, value in enumerate(signals):
            before = value - self._means[i]
            self._means[i] += before / self._num_learned
            self._squares[i] += before * (value - self._means[i])
        chance = self.chance(signals)
        for i, value in enumerate(self._standard(signals)):
            slope = (chance - agreed) * value + _PENALTY * self._weights[i]
            self._steps[i] += slope * slope
            self._weights[i] -= _STEP * slope / sqrt(self._steps[i])
        self._since += 1
        if self._since >= _RENEWED:
            self._threshold, self._since = self._least_chance(), 0

    def learned(self) -> Learned:
        """All of it, to be written down."""
        return Learned(
            tuple(self._weights),
            tuple(self._steps),
            tuple(self._means),
            tuple(self._squares),
            self._num_learned,
            tuple(self._compared),
            self._num_tries,
            self._tried,
            self._taken,
            self._paid,
        )

    def recall(self, learned: Learned) -> None:
        """Go on from what was written down; what was learned of other signals is of no use."""
        if len(learned.weights) != len(self._weights):
            return
        self._means, self._squares = list(learned.means), list(learned.squares)
        self._num_learned = learned.num_learned
        self._weights, self._steps = list(learned.weights), list(learned.steps)
        self._compared.extend(learned.compared)
        self._num_tries, self._tried = learned.num_tries, learned.tried
        self._taken, self._paid = learned.taken, learned.paid
        self._threshold = self._least_chance()

    def _standard(self, signals: Sequence[float]) -> list[float]:
        """1, and the signals in standard deviations from their means: so one step suits them all."""
        num = max(1, self._num_learned)
        scaled = (
            (value - mean) / (sqrt(square / num) + _LEAST_DEVIATION)
            for value, mean, square in zip(signals, self._means, self._squares, strict=True)
        )
        return [1.0, *(max(-_EXTREME, min(_EXTREME, value)) for value in scaled)]

    def _count(self, taken: bool, calls: int) -> None:
        new = self._is_new  # that nothing is taken before anything is known says nothing
        self._num_tries += 1
        if new:
            return
        if self._tried >= _TRIES:
            self._tried, self._taken, self._paid = self._tried / 2, self._taken / 2, self._paid / 2
        self._tried += 1
        self._taken += taken
        self._paid += self._price * calls

    def _least_chance(self) -> float:
        """The least chance at which, and above, enough agree.

        Sought among fixed steps: a threshold between two answers that look alike would be chosen by the luck of those.
        """
        compared, agreed = [0] * (_STEPS + 1), [0] * (_STEPS + 1)
        for signals, same in self._compared:
            at = int(self.chance(signals) * _STEPS)
            compared[at] += 1
            agreed[at] += same
        least, num, got = _NONE, 0, 0
        for at in reversed(range(_STEPS + 1)):
            num += compared[at]
            got += agreed[at]
            if num >= _LEAST and lower_bound(got, num) >= self._good_enough:
                least = at / _STEPS
        return least


def lower_bound(got: float, of: float) -> float:
    """Of a share seen `got` times in `of`, what it is at least, at one-sided 90 % (Wilson 1927)."""
    share, z2 = got / of, _Z * _Z
    middle = share + z2 / (2 * of)
    return (middle - _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))) / (1 + z2 / of)
