"""The contract check accepts a sound reducer and names the rule that a broken one breaks."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sparing.core.ladder import Elision, Ladder, Rendition, Skip
from sparing.reducers.units import Units, line_gap, unit_ladder
from sparing.testing import check_reducer, hostile_texts

if TYPE_CHECKING:
    from sparing.core.reducer import Ask

SAMPLE = "".join(f"line number {i} tells of item{i:03d} and where it was seen\n" for i in range(60))


@dataclass
class Lines:
    """A small sound reducer of lines, to be broken by subclasses."""

    name: str = "lines.v1"
    content: frozenset[str] = field(default_factory=lambda: frozenset({"log"}))

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        ask.deadline.check()
        lines = text.splitlines(keepends=True)
        if len(lines) < 8 or min(map(len, lines)) < 25:
            return Skip("too few lines")
        bounds = [0]
        for line in lines:
            bounds.append(bounds[-1] + len(line))
        must = frozenset(i for i, line in enumerate(lines) if any(pin in line for pin in ask.pins))
        units = Units(text, bounds, [1.0] * len(lines), "lines", line_gap("lines"), self.name, must=must)
        return self.finish(unit_ladder(units, ask.counter))

    def finish(self, ladder: Ladder) -> Ladder:
        return ladder


@dataclass(frozen=True)
class Changed:
    """A ladder whose renditions or figures are tampered with."""

    inner: Ladder
    change: object = None
    tokens_: object = None
    worth_: object = None

    reducer = "lines.v1"

    @property
    def tokens(self):
        return self.inner.tokens if self.tokens_ is None else self.tokens_(list(self.inner.tokens))

    @property
    def worth(self):
        return self.inner.worth if self.worth_ is None else self.worth_(list(self.inner.worth))

    def render(self, rung: int) -> Rendition:
        rendition = self.inner.render(rung)
        return rendition if self.change is None else self.change(rendition)


def changed(**how: object) -> Lines:
    """A reducer whose ladder is changed in one way."""

    class Broken(Lines):
        def finish(self, ladder: Ladder) -> Ladder:
            return Changed(ladder, **how)

    return Broken()


def text_change(edit):
    return lambda r: dataclasses.replace(r, text=edit(r.text))


def elision_change(edit):
    return lambda r: dataclasses.replace(r, elisions=edit(r.elisions)) if r.elisions else r


def test_sound_reducer_passes():
    """A reducer that keeps every rule is accepted, with and without a question."""
    check_reducer(Lines(), [SAMPLE], "where was item017 seen?")


BROKEN = {
    "tokens fall": changed(tokens_=lambda t: t[::-1]),
    "worth falls": changed(worth_=lambda w: w[::-1]),
    "worth outside": changed(worth_=lambda w: [2 * x for x in w]),
    "without rungs": changed(tokens_=lambda t: []),
    "but 1 worths": changed(worth_=lambda w: w[:1]),
    "missing or altered": changed(change=text_change(lambda s: s.replace("tells", "tell"))),
    "the source has": changed(change=text_change(lambda s: s * 2)),
    "nothing marks the gap": changed(change=text_change(lambda s: re.sub(r"\[… \d+ lines?\]", "", s))),
    "elisions need a unit": changed(change=lambda r: dataclasses.replace(r, unit="")),
    "outside 0": changed(change=elision_change(lambda e: (*e, Elision(10**7, 10**7 + 5, 1)))),
    "claims 0 lines": changed(change=elision_change(lambda e: (dataclasses.replace(e[0], num_units=0), *e[1:]))),
    "unordered or overlapping": changed(change=elision_change(lambda e: (*e, e[0]))),
    "differs from the source": changed(change=lambda r: r if r.elisions else dataclasses.replace(r, text=r.text[:-1])),
}


@pytest.mark.parametrize("why", BROKEN)
def test_broken_ladder_is_named(why):
    """Each broken rule raises an AssertionError that says which rule it was."""
    with pytest.raises(AssertionError, match=why):
        check_reducer(BROKEN[why], [SAMPLE])


def test_lossy_last_rung_is_named():
    """A ladder that never reaches the whole text is refused."""

    class Short(Lines):
        def finish(self, ladder: Ladder) -> Ladder:
            return Changed(ladder, tokens_=lambda t: t[:-1], worth_=lambda w: w[:-1])

    with pytest.raises(AssertionError, match="last rung leaves something out"):
        check_reducer(Short(), [SAMPLE])


def test_random_reducer_is_named():
    """Two calls that differ are refused."""

    class Moody(Lines):
        calls = 0

        def finish(self, ladder: Ladder) -> Ladder:
            self.calls += 1
            extra = self.calls
            return Changed(ladder, tokens_=lambda t: [x + extra for x in t])

    with pytest.raises(AssertionError, match="two calls gave different ladders"):
        check_reducer(Moody(), [SAMPLE])


def test_forgotten_pin_is_named():
    """A reducer that ignores pins is refused."""

    class Forgetful(Lines):
        def propose(self, text: str, ask: Ask) -> Ladder | Skip:
            return super().propose(text, dataclasses.replace(ask, pins=()))

    with pytest.raises(AssertionError, match="leaves out the pinned"):
        check_reducer(Forgetful(), [SAMPLE])


@pytest.mark.parametrize("name", ["empty", "lone surrogate", "nulls", "non-ASCII"])
def test_crash_on_hostile_text_is_named(name):
    """An exception on any hostile text is reported with the name of that text."""
    bad = hostile_texts()[name]

    class Brittle(Lines):
        def propose(self, text: str, ask: Ask) -> Ladder | Skip:
            if text == bad:
                raise ValueError("boom")
            return super().propose(text, ask)

    with pytest.raises(AssertionError, match=f"hostile text '{name}'.*boom"):
        check_reducer(Brittle(), [SAMPLE])


def test_wrong_error_at_deadline_is_named():
    """Only DeadlineExceeded may leave a reducer whose time is up."""

    class Rude(Lines):
        def propose(self, text: str, ask: Ask) -> Ladder | Skip:
            if ask.deadline.left_s() < 0:
                raise TimeoutError
            return super().propose(text, ask)

    with pytest.raises(AssertionError, match="an expired deadline raised TimeoutError"):
        check_reducer(Rude(), [SAMPLE])


def test_all_skips_is_named():
    """Samples that never get a ladder test nothing, so they are refused."""
    with pytest.raises(AssertionError, match="no sample got a ladder"):
        check_reducer(Lines(), ["too short"])


def test_reformatting_reducer_may_say_so():
    """With verbatim=False the text between gaps is not compared with the source."""
    loud = changed(change=text_change(lambda s: s.replace("tells", "told")))
    check_reducer(loud, [SAMPLE], verbatim=False)


def test_unversioned_name_is_named():
    """A name without a version is refused."""
    with pytest.raises(AssertionError, match="must end in a version"):
        check_reducer(Lines(name="lines"), [SAMPLE])
