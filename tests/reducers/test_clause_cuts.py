"""A sentence without a clause that can be spared, as a rung below the whole sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.selector import Judged, Sections
from sparing.reducers.choice import scored_ladder
from sparing.reducers.passages import lay_out
from sparing.reducers.prose import Prose
from sparing.tokens.models import DEFAULT_MODEL, counter_for

_TEXT = (
    "The old bridge, which many painters of the valley have loved, was closed in 1911. Trains use the tunnel now. "
    "The station, with its benches of dark wood and its quiet garden, stands empty. Nobody comes here any more.\n"
)
_CLAUSES = ("which many painters of the valley have loved, ", "with its benches of dark wood and its quiet garden, ")


class _Spares:
    """Finds the first sentence best, the third next, and these clauses needless."""

    def __init__(self, clauses: Sequence[str] = _CLAUSES) -> None:
        self._clauses = clauses

    def judge(self, text: str, sections: Sections, question: str, rules: Sequence[float], deadline: Deadline) -> Judged:
        spare = [(text.index(clause), text.index(clause) + len(clause)) for clause in self._clauses]
        scores = [0.9, 0.2, 0.8, 0.1][: len(sections.bounds) - 1]
        return Judged(scores, "encoder (read 1 of 1 passages)", 1.0, spare)


def ask(question: str = "When was the old bridge closed?", **more: object) -> Ask:
    return Ask(counter_for(DEFAULT_MODEL), Question(question), selector=_Spares(), **more)  # type: ignore[arg-type]


def rungs(asked: Ask) -> list[str]:
    ladder = Prose().propose(_TEXT, asked)
    return [ladder.render(rung).text for rung in range(len(ladder.tokens))]  # type: ignore[union-attr]


def test_a_clause_is_marked_where_it_was() -> None:
    """The rest of the sentence comes at once, byte for byte; the clause comes with a later rung."""
    found = rungs(ask())
    cut = "The old bridge, […] was closed in 1911. […]\n"
    assert cut in found
    assert found[-1] == _TEXT
    first_whole = next(i for i, text in enumerate(found) if _CLAUSES[0] in text)
    assert (
        found.index(cut) < next(i for i, t in enumerate(found) if "The station, […] stands empty." in t) < first_whole
    )
    assert not any(text.endswith("The old bridge, […]\n") for text in found)


def test_a_clause_left_out_is_told() -> None:
    """Its range, as a part of one sentence; a sentence cut in three is one where it is left out whole."""
    ladder = Prose().propose(_TEXT, ask())
    renditions = [ladder.render(rung) for rung in range(len(ladder.tokens))]  # type: ignore[union-attr]
    cut = next(one for one in renditions if one.text == "The old bridge, […] was closed in 1911. […]\n")
    assert _TEXT[cut.elisions[0].start : cut.elisions[0].end] == _CLAUSES[0]
    assert [e.num_units for e in cut.elisions] == [1, 3]


def test_what_is_pinned_or_named_is_not_cut() -> None:
    """A sentence with a pin stays whole, and so does a clause with a name that the question has."""
    assert all(_CLAUSES[1] in text for text in rungs(ask(pins=("stands empty",))))
    quoted = rungs(ask('What of "many painters of the valley"?'))
    assert not any("The old bridge, […] was" in text for text in quoted)


@given(st.sets(st.integers(0, 8)), st.integers(0, 4))
def test_whatever_is_spared_no_half_sentence_ends_a_rung(places: set[int], turn: int) -> None:
    """Rungs rise to the text; a part of a sentence that has to stay is there with all that has to stay of it."""
    layout = lay_out(_TEXT, Deadline())
    spans = list(pairwise(layout.bounds))
    inside = [(25 * place + 3, 25 * place + 20) for place in sorted(places)]
    spare = [(a, b) for a, b in inside if any(start < a and b < end for start, end in spans)]
    judged = Judged([0.5 + 0.1 * ((i + turn) % 4) for i in range(len(spans))], "encoder", 1.0, spare)
    tokens = counter_for(DEFAULT_MODEL).split(_TEXT, layout.bounds)
    ladder = scored_ladder(_TEXT, layout.bounds, tokens, judged, ask(), sharpness=1, unit="sentences", reducer="r")
    assert list(ladder.tokens) == sorted(ladder.tokens)
    assert list(ladder.worth) == sorted(ladder.worth)
    for rung in range(len(ladder.tokens)):
        rendition = ladder.render(rung)
        gone = [any(e.start <= at < e.end for e in rendition.elisions) for at in range(len(_TEXT))]
        for start, end in spans:
            stays = [gone[at] for at in range(start, end) if not any(a <= at < b for a, b in spare)]
            assert len(set(stays)) == 1
        assert all(e.num_units >= 1 for e in rendition.elisions)
    assert ladder.render(len(ladder.tokens) - 1).text == _TEXT
