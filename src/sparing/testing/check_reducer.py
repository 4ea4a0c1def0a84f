"""The contract of `core.reducer.Reducer`, as something that can be run. In a test of your own:

    check_reducer(MyReducer(), samples=[SAMPLE], question="Which order failed?")

`samples` are texts of the kind that the reducer takes.
"""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter as Tally
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask, Reducer
from sparing.errors import DeadlineExceeded
from sparing.testing.hostile import hostile_texts
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sparing.core.counter import Counter

_RUNGS_LOOKED_AT = 24
_LATE_CHARS = 256_000
_LATE_S = 3.0  # a guard against hanging, not a speed target


def check_reducer(
    reducer: Reducer, samples: Sequence[str], question: str | None = None, *, verbatim: bool = True
) -> None:
    """Run a reducer through everything the contract asks.

    Args:
        samples: Texts of the kind that it takes; at least one of them must get a ladder.
        question: Asked of every sample, beside asking nothing.
        verbatim: Whether what a rendition keeps is cut straight out of the source. False for reducers that also
            re-format (columnar JSON, HTML to text): the text between gaps is then not compared with the source.

    Raises:
        AssertionError: Naming the rule that is broken and the text that breaks it.
    """
    case = _Case(reducer, verbatim)
    case.check_identity()
    asked = [None] if question is None else [None, Question(question)]
    offered = [case.check_sample(sample, counter, q) for sample in samples for counter in _counters() for q in asked]
    _require(any(offered), f"{reducer.name}: no sample got a ladder")
    for name, text in hostile_texts().items():
        case.check_hostile(name, text, asked[-1])
    case.check_late(samples)


@dataclass(frozen=True)
class _Case:
    reducer: Reducer
    verbatim: bool

    def check_identity(self) -> None:
        name = self.reducer.name
        _require(bool(re.fullmatch(r"[\w.-]+\.v\d+", name)), f"{name!r}: the name must end in a version: prose.v1")
        _require(isinstance(self.reducer.content, frozenset), f"{name}: `content` must be a frozenset of content types")
        _require(bool(self.reducer.content), f"{name}: takes no content type")

    def check_sample(self, text: str, counter: Counter, question: Question | None) -> bool:
        """Whether there was a ladder; raises where it breaks a rule."""
        where = f"{self.reducer.name} on {_start(text)} counted by {counter.name}" + (
            " with a question" * bool(question)
        )
        ask = Ask(counter, question)
        ladder = self._propose(text, ask, where)
        if isinstance(ladder, Skip):
            return False
        self._check_ladder(text, ladder, counter, where)
        self._check_deterministic(text, ladder, ask, where)
        self._check_pins(text, ladder, ask, where)
        return True

    def check_hostile(self, name: str, text: str, question: Question | None) -> None:
        """No exception, and never larger, whatever the text."""
        where = f"{self.reducer.name} on hostile text {name!r}"
        counter = CharCounter()
        ladder = self._propose(text, Ask(counter, question), where)
        if not isinstance(ladder, Skip):
            self._check_ladder(text, ladder, counter, where)

    def check_late(self, samples: Sequence[str]) -> None:
        """When the time is up, give up."""
        for sample in filter(None, samples):
            text = sample * (_LATE_CHARS // len(sample) + 1)
            started = time.process_time()
            try:
                self.reducer.propose(text, Ask(CharCounter(), deadline=Deadline(at_s=0.0)))
            except DeadlineExceeded:
                pass
            except Exception as error:
                raise AssertionError(f"{self.reducer.name}: an expired deadline raised {error!r}") from error
            spent_s = time.process_time() - started
            _require(
                spent_s < _LATE_S,
                f"{self.reducer.name}: went on for {spent_s:.1f} s of CPU on {_start(sample)} after its deadline",
            )

    def _propose(self, text: str, ask: Ask, where: str) -> Ladder | Skip:
        try:
            offer = self.reducer.propose(text, ask)
        except Exception as error:
            raise AssertionError(f"{where}: raised {error!r}; no text may do that: return a Skip") from error
        if isinstance(offer, Skip):
            _require(bool(offer.reason.strip()), f"{where}: a Skip must say why")
        return offer

    def _check_ladder(self, text: str, ladder: Ladder, counter: Counter, where: str) -> None:
        tokens, worth = ladder.tokens, ladder.worth
        _require(ladder.reducer == self.reducer.name, f"{where}: the ladder names {ladder.reducer!r} as its reducer")
        _require(len(tokens) > 0, f"{where}: a ladder without rungs; return a Skip")
        _require(len(tokens) == len(worth), f"{where}: {len(tokens)} token counts but {len(worth)} worths")
        _require(_never_falls(tokens), f"{where}: tokens fall from one rung to the next")
        _require(_never_falls(worth), f"{where}: worth falls from one rung to the next")
        _require(tokens[0] >= 0, f"{where}: negative token count {tokens[0]}")
        _require(worth[0] >= 0 and worth[-1] <= 1 + 1e-9, f"{where}: worth outside 0..1: {worth[0]} .. {worth[-1]}")
        source_tokens = counter.count(text)
        for rung in _some(len(tokens)):
            rendition = ladder.render(rung)
            _check_rendition(text, rendition, counter, source_tokens, f"{where}, rung {rung} of {len(tokens)}")
            if self.verbatim:
                _check_verbatim(text, rendition, f"{where}, rung {rung} of {len(tokens)}")
        _require(not ladder.render(len(tokens) - 1).elisions, f"{where}: the last rung leaves something out")

    def _check_deterministic(self, text: str, first: Ladder, ask: Ask, where: str) -> None:
        second = self.reducer.propose(text, ask)
        if isinstance(second, Skip):
            raise AssertionError(f"{where}: a ladder the first time, then {second}")  # noqa: TRY004
        same = list(first.tokens) == list(second.tokens) and list(first.worth) == list(second.worth)
        _require(same, f"{where}: two calls gave different ladders")
        for rung in _some(len(first.tokens)):
            _require(first.render(rung) == second.render(rung), f"{where}: two calls differ at rung {rung}")

    def _check_pins(self, text: str, ladder: Ladder, ask: Ask, where: str) -> None:
        for pin in _pinnable(text, ladder.render(len(ladder.tokens) - 1).text):
            pinned = self.reducer.propose(text, Ask(ask.counter, ask.question, (pin,)))
            if isinstance(pinned, Skip):
                continue
            for rung in _some(len(pinned.tokens)):
                _require(pin in pinned.render(rung).text, f"{where}: rung {rung} leaves out the pinned {pin!r}")


def _check_rendition(text: str, rendition: Rendition, counter: Counter, source_tokens: int, where: str) -> None:
    size = counter.count(rendition.text)
    _require(size <= source_tokens, f"{where}: {size} tokens, the source has {source_tokens}")
    _require(bool(rendition.unit), f"{where}: elisions need a unit")
    end = 0
    for elision in rendition.elisions:
        _require(end <= elision.start, f"{where}: {elision} begins before {end}: unordered or overlapping")
        _require(elision.start < elision.end <= len(text), f"{where}: {elision} is empty or outside 0..{len(text)}")
        _require(
            1 <= elision.num_units <= elision.end - elision.start,
            f"{where}: {elision} claims {elision.num_units} {rendition.unit}",
        )
        end = elision.end


def _check_verbatim(text: str, rendition: Rendition, where: str) -> None:
    """What lies between the elisions is in the rendition, in order, and something marks each gap."""
    at = 0
    gap = False
    for start, end in _kept_ranges(text, rendition):
        piece = text[start:end].strip()
        found = rendition.text.find(piece, at)
        _require(found >= 0, f"{where}: the kept {piece[:60]!r} ({start}..{end} of the source) is missing or altered")
        while gap and found >= 0 and not rendition.text[at:found].strip():  # the marker may begin like the piece
            found = rendition.text.find(piece, found + 1)
        _require(found >= 0, f"{where}: nothing marks the gap before {start}")
        at, gap = found + len(piece), True
    if rendition.elisions and rendition.elisions[-1].end == len(text):
        _require(bool(rendition.text[at:].strip()), f"{where}: nothing marks the gap at the end")
    if not rendition.elisions:
        _require(rendition.text == text, f"{where}: nothing is elided, yet the text differs from the source")


def _kept_ranges(text: str, rendition: Rendition) -> Iterator[tuple[int, int]]:
    at = 0
    for elision in rendition.elisions:
        if text[at : elision.start].strip():
            yield at, elision.start
        at = elision.end
    if text[at:].strip():
        yield at, len(text)


def _pinnable(text: str, shown: str) -> list[str]:
    """A word from each third of the text that occurs once, there and in the lossless rendition."""
    words = [word for word, n in Tally(re.findall(r"\w{4,40}", text)).items() if n == 1 and word in shown]
    return [words[i * len(words) // 6] for i in (1, 3, 5)] if len(words) >= 6 else words[:1]


def _some(size: int) -> list[int]:
    """Rungs to look at: all of a short ladder; both ends and an even spread of a long one."""
    if size <= _RUNGS_LOOKED_AT:
        return list(range(size))
    return sorted({i * (size - 1) // (_RUNGS_LOOKED_AT - 1) for i in range(_RUNGS_LOOKED_AT)} | {1, 2, size - 2})


def _counters() -> tuple[Counter, Counter]:
    return counter_for("gpt-4o"), CharCounter()


def _never_falls(values: Sequence[float]) -> bool:
    return all(a <= b + 1e-9 for a, b in itertools.pairwise(values))


def _start(text: str) -> str:
    return repr(text[:40]) + f" ({len(text)} characters)"


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
