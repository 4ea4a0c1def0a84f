"""How alike two questions have to be so that at most so many lookups get a wrong answer: learned and certified."""

from __future__ import annotations

import logging
import math
import os
import random
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sparing.generate.cache.semantic.evidence import Evidence
from sparing.generate.cache.semantic.score import Label, Score, learned

log = logging.getLogger("sparing.cache")

NEVER = math.inf
CONFIDENCE = 0.99999  # so that what is seen over as many lookups again, which varies too, stays below the bound
# Share of lookups that are answered anew whatever the similarity, to see what would have been given: from the first
# certificate on it falls with the number of labels, since that number is what keeps a young threshold high.
_AUDITS_YOUNG, _AUDITS = 0.5, 0.05
_YOUNG_LABELS = 10_000
_WINDOW = 20_000  # audits that count; older ones say how the traffic was
# Share of labels that the score learns from until it has enough, and from then on, to follow the traffic.
LESSONS, _LESSONS_LATER = 1 / 10, 1 / 50
MOST_LESSONS = 500
_GROWTH = 1.5
_LOOK_EVERY = _WINDOW // 8


class Bound:
    """Keeps the share of lookups that get a wrong answer below `max_wrong`.

    In the manner of vCache (Schroeder et al., arXiv 2502.03771): a kept answer is given only where labels of this very
    traffic say that it may be, and a share of lookups is answered anew to get labels. What differs: one threshold for
    all entries, not one each, so that a cold entry needs no labels of its own; and a bound that makes no assumption on
    how similarity and rightness go together. The audits are a random sample of lookups, so the number of wrong
    answers that a threshold would have given among them is binomial. The threshold is the loosest at which that number
    is so small that a true share of `max_wrong` would give it with a chance below 1 - `CONFIDENCE`: thresholds are
    tried from the strictest on and wrong answers only get more, so the first failure ends it (fixed sequence testing,
    as in Learn then Test, arXiv 2110.01052). The chance is spread over all the times that it is looked at again.

    What the threshold cuts is a score that is learned here too (`score.learned`), from labels drawn for it that no
    certificate is made of: whatever it has learned, the certificate is of lookups that it has not seen.

    What it rests on: that lookups are like those before them, and that labels are right. It says nothing of a caller
    who writes questions in order to get a wrong answer.

    Args:
        max_wrong: Share of lookups, 0..1.
        file: Where the labels (three numbers each, no text) are kept over a restart; None forgets them.
        embedder: Name of what similarities are measured with: labels of another one are not read.
    Attributes:
        threshold: Of the score; what is above it is given.
        num_labels: That certificates were made of, ever.
    """

    def __init__(
        self, max_wrong: float, *, file: Path | None = None, embedder: str = "", rng: random.Random | None = None
    ) -> None:
        self.max_wrong = max_wrong
        self._file = file
        self._embedder = embedder
        self.threshold = NEVER
        self.num_labels = 0
        self._rng = rng or random.Random()
        self.score = Score()
        self._audits: deque[Label] = deque(maxlen=_WINDOW)
        self._lessons: deque[Label] = deque(maxlen=MOST_LESSONS)
        self._looks = 0
        self._next_look = math.ceil(math.log(_chance(1)) / math.log1p(-max_wrong))  # sooner nothing could stand
        kept = _read(file) if file is not None else None
        if kept is not None and kept.embedder == embedder:
            self._looks, self.num_labels = kept.looks, kept.num_labels
            self._audits.extend(kept.audits)
            self._lessons.extend(kept.lessons)
            self._look()

    def is_audit(self) -> bool:
        """Whether the next lookup is answered anew whatever is found; all are, until there is a threshold."""
        share = max(_AUDITS, _AUDITS_YOUNG * (1 - self.num_labels / _YOUNG_LABELS))
        return self.threshold == NEVER or self._rng.random() < share

    def gives(self, evidence: Evidence) -> bool:
        """Whether the kept answer may be given."""
        return self.score.of(evidence) > self.threshold

    def learn(self, evidence: Evidence, *, right: bool) -> None:
        """What an audit showed: `right` if the kept answer would have done, or none would have been given."""
        enough = len(self._lessons) == MOST_LESSONS
        if self._rng.random() < (_LESSONS_LATER if enough else LESSONS):
            self._lessons.append((evidence, right))
            return
        self._audits.append((evidence, right))
        self.num_labels += 1
        if self.num_labels >= self._next_look:
            self._look()
            if self._file is not None:
                _write(self._file, self._kept())

    def _look(self) -> None:
        self._looks += 1
        self._next_look = self.num_labels + min(_LOOK_EVERY, math.ceil(self.num_labels * (_GROWTH - 1)))
        self.score = learned(self._lessons)
        audits = [(self.score.of(evidence), right) for evidence, right in self._audits]
        self.threshold = certified(audits, self.max_wrong, _chance(self._looks))

    def _kept(self) -> _Kept:
        return _Kept(self._embedder, self._looks, self.num_labels, list(self._audits), list(self._lessons))


def _chance(look: int) -> float:
    """Of a wrong certificate at this look; all looks together have 1 - `CONFIDENCE`."""
    return (1 - CONFIDENCE) * 6 / (math.pi * look) ** 2


class _Kept(msgspec.Struct, frozen=True):
    """What outlasts a restart."""

    embedder: str
    looks: int
    num_labels: int
    audits: list[Label]
    lessons: list[Label]


def _read(file: Path) -> _Kept | None:
    """What was kept; None where nothing was, or nothing that can be used: then all is learned anew."""
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError):
        return None


def _write(file: Path, kept: _Kept) -> None:
    """Keep it, whole or not at all."""
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(msgspec.msgpack.encode(kept))
        beside.replace(file)
    except OSError as error:
        log.warning("the labels of the semantic cache cannot be kept: %s", error)


def certified(audits: Iterable[tuple[float, bool]], max_wrong: float, chance: float) -> float:
    """The loosest threshold that stands, for scores above it; `NEVER` if none does.

    Args:
        audits: Score and rightness of a random sample of lookups.
        chance: Of certifying a threshold whose true share of wrong answers is above `max_wrong`.
    """
    ordered = sorted(audits, reverse=True)
    allowed = most_wrong(len(ordered), max_wrong, chance)
    if allowed < 0:
        return NEVER
    wrong = [score for score, right in ordered if not right]
    return wrong[allowed] if len(wrong) > allowed else ordered[-1][0]


def most_wrong(num: int, share: float, chance: float) -> int:
    """The largest k for which at most k of `num` happens with at most `chance` where each is wrong with `share`; -1 if
    even none does (binomial tail, Clopper and Pearson 1934)."""
    total, k = 0.0, 0
    while k <= num:
        log_term = (
            math.lgamma(num + 1)
            - math.lgamma(k + 1)
            - math.lgamma(num - k + 1)
            + k * math.log(share)
            + (num - k) * math.log1p(-share)
        )
        total += math.exp(log_term)
        if total > chance:
            break
        k += 1
    return k - 1
