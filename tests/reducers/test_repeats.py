"""References to what a request has said before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision, Skip
from sparing.errors import DeadlineExceeded
from sparing.reducers import repeat_index
from sparing.reducers.repeats import Reference, Seen, fold_repeats
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for

COUNTER = CharCounter()

FUNCTION = """\
def parse(path):
    with open(path) as file:
        rows = [line.split(",") for line in file]
    header, *rest = rows
    return [dict(zip(header, row)) for row in rest]
"""
MODULE = (
    "import json\n\n\n"
    + FUNCTION
    + "\n\n"
    + "\n".join(f"def step_{i}(value):\n    return value * {i} + {i * i}\n" for i in range(20))
)
PARAGRAPH = (
    "The committee met on Tuesday to discuss the harbour. It was decided that the northern quay will be closed from May. "
    "Ships of more than forty metres are asked to use the southern quay instead, and to announce themselves by radio.\n"
)


def test_a_block_seen_before_becomes_a_reference():
    """Label, number of lines and first words stand for the block; what is around it stays."""
    folded = fold_repeats("# before\n" + FUNCTION + "# after\n", [("messages[3]", MODULE)], COUNTER)
    assert folded.text == '# before\n[… 5 lines as in messages[3], from "def parse(path):"]\n# after\n'
    assert folded.refers_to == ("messages[3]",)
    start = MODULE.index(FUNCTION)
    assert folded.references == (Reference("messages[3]", start, start + len(FUNCTION)),)
    assert folded.elisions == (Elision(9, 9 + len(FUNCTION), 5),)
    assert folded.tokens == COUNTER.count(folded.text)
    assert folded.unit == "lines"


def test_a_changed_copy_is_a_reference_with_its_changes():
    """A file read again after an edit costs the edit."""
    changed = MODULE.replace("value * 7 + 49", "value * 7 - 49").replace("value * 13 + 169", "value ** 13")
    folded = fold_repeats(changed, [("messages[1]", MODULE)], COUNTER)
    lines = folded.text.splitlines()
    assert lines[0] == f'[… {changed.count(chr(10))} lines as in messages[1], from "import json", except:]'
    assert lines[1].endswith("]     return value * 7 - 49")
    assert lines[2].endswith("]     return value ** 13")
    assert lines[3:] == ["[… end]"]
    row = int(lines[1].split("]")[0][1:])
    assert changed.splitlines()[row - 1] == "    return value * 7 - 49"
    assert sum(elision.num_units for elision in folded.elisions) == changed.count("\n") - 2


def test_inserted_lines_stay_between_two_references():
    """Where lines were added the copy is told in two blocks."""
    changed = MODULE.replace("def step_9(", "# added\n# in between\n# by hand\n# today\ndef step_9(")
    folded = fold_repeats(changed, [("messages[1]", MODULE)], COUNTER)
    assert "# added\n# in between\n# by hand\n# today\n" in folded.text
    assert folded.text.count("as in messages[1]") == 2
    assert 'from "def step_9(value):"' in folded.text


def test_a_repeated_paragraph_of_one_line_is_folded():
    """Long lines count alone."""
    folded = fold_repeats("Minutes:\n" + PARAGRAPH + "End.\n", [("documents[0]", "x\n" + PARAGRAPH)], COUNTER)
    assert folded.text == 'Minutes:\n[… 1 line as in documents[0], from "The committee met on"]\nEnd.\n'


def test_overlapping_chunks_of_a_long_line_are_folded_by_sentence():
    """Chunks of retrieved text overlap in the middle of a line that has no line breaks."""
    sentences = [
        f"Sentence number {i} tells of the harbour in the year {1900 + i} and of its ships. " for i in range(20)
    ]
    folded = fold_repeats("".join(sentences[8:]), [("documents[0]", "".join(sentences[:14]))], COUNTER)
    assert folded.text.startswith(
        '[… 6 pieces as in documents[0], from "Sentence number 8 tells of"] Sentence number 14'
    )
    assert folded.text.endswith(sentences[-1])
    assert folded.unit == "pieces"


def test_a_text_may_refer_to_itself_but_only_backwards():
    """The first of three copies stays; the others point to it."""
    folded = fold_repeats(FUNCTION + "# one\n" + FUNCTION + "# two\n" + FUNCTION, [], COUNTER)
    reference = '[… 5 lines as above, from "def parse(path):"]\n'
    assert folded.text == FUNCTION + "# one\n" + reference + "# two\n" + reference
    assert folded.refers_to == ()
    assert set(folded.references) == {Reference("", 0, len(FUNCTION))}


def test_lines_that_go_on_and_on_are_told_once():
    """A block that runs over its own beginning is the lines above, again and again."""
    line = "Connection refused, trying again in 5 seconds\n"
    folded = fold_repeats("start\n" + line * 1000 + "end\n", [], COUNTER)
    assert folded.text == f"start\n{line}[… 999 lines: the line above, again and again]\nend\n"
    three = "first line of the group\nsecond line of the group\nthird line of the group\n"
    folded = fold_repeats(three * 50, [], COUNTER)
    assert folded.text == three + "[… 147 lines: the 3 lines above, again and again]\n"


def test_references_never_point_to_what_was_left_out():
    """A stretch elided from an earlier text is not there to be found."""
    start = MODULE.index(FUNCTION)
    seen = Seen()
    seen.add("messages[0]", MODULE, [Elision(start, start + len(FUNCTION), 5)])
    assert isinstance(seen.fold(FUNCTION, COUNTER), Skip)
    seen.add("messages[1]", MODULE)
    assert seen.fold(FUNCTION, COUNTER).refers_to == ("messages[1]",)


def test_folded_texts_are_referred_to_only_where_they_stand():
    """Three equal texts: the third points to the first, as the second was folded away."""
    seen = Seen()
    seen.add("messages[0]", MODULE)
    second = seen.fold(MODULE, COUNTER)
    seen.add("messages[1]", MODULE, second.elisions)
    assert seen.fold(MODULE, COUNTER).refers_to == ("messages[0]",)


def test_blocks_do_not_run_over_the_end_of_a_text():
    """Two texts in a row are not one."""
    half = MODULE.index("def step_9(")
    folded = fold_repeats(MODULE, [("a", MODULE[:half]), ("b", MODULE[half:])], COUNTER)
    assert folded.refers_to == ("a", "b")
    assert len(folded.references) == 2


@pytest.mark.parametrize(
    "text", ["", "short\n", FUNCTION, "}\n\n}\n\n}\n" * 3, "".join(f"line {i} says {i * i}\n" for i in range(500))]
)
def test_nothing_said_before_is_a_skip(text):
    """New text, and repeats too short for a reference, are left alone."""
    assert isinstance(fold_repeats(text, [("messages[0]", "}\n\n}\n\n}\nsomething else\n")], COUNTER), Skip)


def test_savings_hold_for_an_exact_counter():
    """The tokens told are those of the folded text in the model's own vocabulary."""
    counter = counter_for("gpt-4o")
    folded = fold_repeats(MODULE.replace("step_4", "step_four"), [("messages[0]", MODULE)], counter)
    assert folded.tokens == counter.count(folded.text)
    assert folded.tokens < 0.15 * counter.count(MODULE)


def test_memory_is_bounded(monkeypatch):
    """Texts beyond the limit are not remembered, yet still folded against those before it."""
    monkeypatch.setattr(repeat_index, "MOST_PIECES", 30)
    seen = Seen()
    seen.add("first", MODULE)
    seen.add("second", "".join(f"another line with number {i} in it\n" for i in range(100)))
    assert seen.fold(FUNCTION, COUNTER).refers_to == ("first",)
    assert isinstance(seen.fold("another line with number 7 in it\n" * 2, COUNTER), Skip)
    twice = "".join(f"never seen line with number {i} in it\n" for i in range(10)) * 2
    assert "as above" in seen.fold(twice, COUNTER).text or "again and again" in seen.fold(twice, COUNTER).text


def test_deadline_is_kept():
    """A text of many lines is given up when the time is up."""
    with pytest.raises(DeadlineExceeded):
        fold_repeats("".join(f"line {i}\n" for i in range(5000)), [], COUNTER, Deadline(at_s=0.0))


LINES = st.lists(
    st.sampled_from(
        [f"this is line number {i} of the alphabet\n" for i in range(5)] + ["\n", "}\n", "é\u2028x\n", PARAGRAPH]
    ),
    max_size=40,
)


def test_changes_in_a_block_that_runs_over_its_beginning_are_not_lost():
    """A block with changes ends where it would begin to repeat itself."""
    group = [f"this is line number {i} of a group that comes again and again\n" for i in range(12)]
    other = [*group[:5], "this line is another one\n", *group[6:]]
    folded = fold_repeats("".join(group + other + group + group), [], COUNTER)
    assert "this line is another one\n" in folded.text


@settings(max_examples=100, deadline=None)
@given(LINES, LINES, st.booleans())
def test_what_is_folded_can_be_put_back(earlier, lines, hide):
    """Every stretch left out stands in the text that the reference names, or just above."""
    before, text = "".join(earlier), "".join(lines)
    seen = Seen()
    half = len("".join(earlier[: len(earlier) // 2]))
    seen.add("messages[0]", before, [Elision(half, len(before), 1)] if hide and half < len(before) else [])
    folded = seen.fold(text, COUNTER)
    if isinstance(folded, Skip):
        return
    assert folded.tokens < COUNTER.count(text)
    hidden = [False] * len(text)
    at = found = 0
    for elision in (*folded.elisions, Elision(len(text), len(text), 0)):
        kept = text[at : elision.start]
        found = folded.text.index(kept, found) + len(kept)
        at = elision.end
    for elision in folded.elisions:
        stretch = text[elision.start : elision.end]
        assert len(repeat_index._pieces(stretch)[0]) == elision.num_units
        references = [r for r in folded.references if r.label == "messages[0]" or r.start < elision.start]
        sources = [before[r.start : r.end] if r.label else text[r.start : r.end] for r in references]
        assert any(stretch in source or stretch in source * (1 + len(stretch) // len(source)) for source in sources)
        hidden[elision.start : elision.end] = [True] * len(stretch)
    for reference in folded.references:
        if reference.label:
            assert not hide or reference.end <= half or half == len(before)
        else:
            assert not any(hidden[reference.start : reference.end])
