"""Neighbours become one piece."""

from __future__ import annotations

from dataclasses import replace

from sparing.core.content import Content
from sparing.core.passage import Passage
from sparing.retrieve.stitch import stitch

TEXT = "One is first. Two is second. Three is third. Four is fourth. Five is fifth. "
CUTS = (0, 14, 29, 45, 61, 76)


def passages(text: str = TEXT, cuts: tuple[int, ...] = CUTS, source: str = "a.md") -> list[Passage]:
    return [
        Passage(n + 1, source, n, text[a:b], f"{source}{n}", "Title", f"lines {n + 1}-{n + 1}", a, b)
        for n, (a, b) in enumerate(zip(cuts, cuts[1:], strict=False))
    ]


def alone(passage: Passage) -> list[Passage]:
    return [passage]


def test_adjoining_passages_are_one_piece_of_the_source() -> None:
    """Their text is the document's, and the place covers all."""
    one, two, _, four, _ = passages()
    pieces = stitch([four, two, one], alone)
    assert [piece.passage.text for piece in pieces] == [four.text, TEXT[: CUTS[2]]]
    whole = pieces[1].passage
    assert (whole.place, whole.start, whole.end, whole.position) == ("lines 1-2", 0, CUTS[2], 0)
    assert whole.id == two.id  # the better of the two


def test_other_documents_and_other_headings_stay_apart() -> None:
    """Only what belongs together is joined."""
    one, two, three, *_ = passages()
    other = passages(source="b.md")[1]
    assert len(stitch([one, other], alone)) == 2
    assert len(stitch([two, replace(three, heads="Another")], alone)) == 2
    assert len(stitch([two, replace(three, content=Content.TABLE)], alone)) == 2


def test_what_overlaps_is_not_told_twice() -> None:
    """The second gives only what the first does not have."""
    one, two, *_ = passages()
    wide = replace(one, text=TEXT[:20], end=20)
    (piece,) = stitch([wide, two], alone)
    assert piece.passage.text == TEXT[: CUTS[2]]


def test_a_gap_of_blanks_becomes_a_line_end() -> None:
    """Cutters leave out the blanks between paragraphs."""
    one, two, *_ = passages()
    (piece,) = stitch([replace(one, text=one.text.rstrip(), end=one.end - 1), two], alone)
    assert piece.passage.text == "One is first.\nTwo is second. "


def test_a_sentence_cut_in_two_is_completed() -> None:
    """From the neighbours, which were not found themselves; a whole sentence needs none."""
    text = "It applies to all staff, except those who are on leave. Others ask first. "
    cuts = (0, 25, 56, 74)
    parts = passages(text, cuts)

    def around(passage: Passage) -> list[Passage]:
        return parts[max(0, passage.position - 1) : passage.position + 2]

    assert stitch([parts[0]], around)[0].passage.text == text[:56]
    assert stitch([parts[1]], around)[0].passage.text == text[:56]
    assert stitch([parts[2]], around)[0].passage.text == text[56:]


def test_a_piece_is_not_the_whole_document_again() -> None:
    """A long run is several pieces, each part in one of them."""
    text = "".join(f"Sentence {n:02d}. " for n in range(20))
    parts = passages(text, tuple(range(0, 14 * 21, 13))[:21])
    pieces = stitch(parts, alone)
    assert len(pieces) > 1
    assert sorted(part.id for piece in pieces for part in piece.parts) == [part.id for part in parts]
