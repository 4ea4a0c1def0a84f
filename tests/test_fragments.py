"""What is known of a text is worked out once, whatever is asked of it."""

from __future__ import annotations

from sparing.api import reduce_text
from sparing.core.deadline import Deadline
from sparing.fragments import Fragments, forget_fragments
from sparing.reducers import passages
from sparing.reducers.passages import lay_out
from sparing.reducers.sniff import sniff
from sparing.testing.samples import prose
from sparing.tokens.models import counter_for

LONG = prose() * 3


def test_a_long_text_is_worked_out_once() -> None:
    """Short ones are sooner worked out than found; what else it depends on counts."""
    fragments: Fragments[int] = Fragments()
    calls: list[str] = []

    def value(text: str, *also: object) -> int:
        return fragments.of(text, lambda: calls.append(text) or len(text), *also)  # type: ignore[func-returns-value]

    assert value(LONG) == value(LONG) == len(LONG)
    assert value(LONG, "otherwise") == len(LONG)
    assert value("short") == value("short") == 5
    assert len(calls) == 4
    assert (fragments.hits, fragments.misses) == (1, 2)


def test_memory_is_bounded_by_the_characters_of_the_texts() -> None:
    """The least recently used goes first; one that is larger than all of it is not kept."""
    fragments: Fragments[str] = Fragments(most_chars=2 * len(LONG))
    for text in (LONG, LONG[::-1], LONG, LONG.upper(), LONG * 3):
        fragments.of(text, lambda: "value")
    assert (fragments.hits, fragments.misses) == (1, 4)
    fragments.of(LONG, lambda: "value")
    fragments.of(LONG[::-1], lambda: "value")
    assert (fragments.hits, fragments.misses) == (2, 5)


def test_another_question_finds_what_is_known() -> None:
    """The same answer as from scratch, without laying the document out again."""
    first = reduce_text(LONG, query="Who counted ships?", keep=0.3, kind="prose", select="rules")
    before = passages._LAYOUTS.hits
    again = reduce_text(LONG, query="How tall is the lighthouse?", keep=0.3, kind="prose", select="rules")
    assert passages._LAYOUTS.hits == before + 1
    forget_fragments()
    assert (
        reduce_text(LONG, query="How tall is the lighthouse?", keep=0.3, kind="prose", select="rules").text
        == again.text
    )
    assert first.text != again.text


def test_what_is_known_is_what_would_be_worked_out() -> None:
    """Kinds, layouts and counts are those of the first time; a caller's changes are its own."""
    counter = counter_for("gpt-4o")
    bounds = [0, 100, 900, len(LONG)]
    told = sniff(LONG), lay_out(LONG, Deadline()), counter.split(LONG, bounds)
    counter.split(LONG, bounds)[0] = 0
    assert (sniff(LONG), lay_out(LONG, Deadline()), counter.split(LONG, bounds)) == told
    forget_fragments()
    assert (sniff(LONG), lay_out(LONG, Deadline()), counter.split(LONG, bounds)) == told
