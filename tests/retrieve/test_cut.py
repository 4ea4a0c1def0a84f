"""Chunks are disjoint, in order, of bounded size, and lose nothing; they end where the text does."""

from __future__ import annotations

import gc
import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_documents import CODE, CSV, DIALOGUE, JSON, JSONL, MARKDOWN, PROSE, SAMPLES

from sparing.core.content import Content
from sparing.core.passage import Chunk
from sparing.reducers.sniff import sniff
from sparing.retrieve.cut import cut
from sparing.retrieve.cut.pack import MOST_BYTES, TARGET_BYTES

_MOST = 2 * MOST_BYTES  # a heading and a rest may join a chunk that is full


def check(text: str, chunks: tuple[Chunk, ...]) -> None:
    """The law of cutting."""
    at = 0
    for chunk in chunks:
        assert at <= chunk.start < chunk.end <= len(text)
        assert not text[at : chunk.start].strip()
        assert len(text[chunk.start : chunk.end].encode("utf-8", "surrogatepass")) <= _MOST
        assert text[chunk.start : chunk.end].strip()
        at = chunk.end
    assert not text[at:].strip()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_each_kind_is_cut_without_loss(name: str) -> None:
    """And into more than one chunk, each of which says where it is."""
    text = SAMPLES[name]
    chunks = cut(text, sniff(text, name), name)
    check(text, chunks)
    assert len(chunks) > 1
    assert all(chunk.place.startswith("line") for chunk in chunks)


_PIECES = st.sampled_from(
    [
        *("# A b\n", "\n", "\n\n", "word ", "A sentence. ", "- item\n", "| a | b |\n", "```\n", "~~~", "Ann: hi. "),
        *('{"a": 1}', "[1, ", "]", ",", '"', "x,y,z\n", "\f", "\r\n", "===\n", "---\n", "@@ -1 +1 @@\n", "ü漢字。"),
        *(
            "diff --git a b\n",
            "    def f():\n",
            "class A:\n",
            "x" * 700,
            "wörd " * 300,
            "Section 4 Fees\n",
            "§ 5 Fees\n",
        ),
        *("\u2028", "\x0b", "\ud800"),
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join), st.sampled_from(sorted(Content)), st.booleans())
def test_nothing_is_lost_whatever_the_text(text: str, content: Content, lined: bool) -> None:
    """Even where a text is not what it is taken for."""
    check(text, cut(text, content, "x.py", lined=lined))


@given(st.text(max_size=3000), st.sampled_from(sorted(Content)))
def test_any_text_is_cut(text: str, content: Content) -> None:
    """Characters of every kind."""
    check(text, cut(text, content))


def texts(text: str, chunks: tuple[Chunk, ...]) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_headings_stand_above_what_they_head() -> None:
    """The title first, and no heading twice in a chunk."""
    chunks = cut(MARKDOWN, Content.MARKDOWN, title="handbook.md")
    shown = texts(MARKDOWN, chunks)
    hotels = next(n for n, text in enumerate(shown) if "120 a night" in text)
    assert chunks[hotels].heads.split("\n")[:3] == ["handbook.md", "Handbook", "Travel"]
    assert "# no heading" in shown[hotels]
    later = next(n for n, text in enumerate(shown) if "Trips" in text and "## Travel" not in text)
    assert chunks[later].heads.endswith("Travel")


def test_rows_of_a_long_table_know_its_header() -> None:
    """In Markdown and in CSV; no row is cut."""
    for text, content, header in (
        (MARKDOWN, Content.MARKDOWN, "| country | rate |"),
        (CSV, Content.TABLE, "name,city,amount"),
    ):
        chunks = cut(text, content)
        rows = [(chunk, shown) for chunk, shown in zip(chunks, texts(text, chunks), strict=True) if "7" in shown]
        inner = [
            (chunk, shown)
            for chunk, shown in rows
            if header not in shown and ("| Country" in shown or "Person" in shown)
        ]
        assert inner
        assert all(chunk.heads.endswith(header) for chunk, _ in inner)
        assert all(shown.endswith(("|", "0")) for _, shown in inner)


def test_a_row_may_go_over_several_lines() -> None:
    """Where a cell in quotes does."""
    text = "name,remark\n" + "".join(f'{n},"first line of {n}\nsecond, and last"\n' for n in range(90))
    for shown in texts(text, cut(text, Content.TABLE)):
        assert shown.endswith('last"')
        assert shown.count('"') % 2 == 0


def test_sentences_are_whole() -> None:
    """A long paragraph is cut between them."""
    for shown in texts(PROSE, cut(PROSE, Content.PROSE)):
        assert shown.endswith((".", "PART I"))


def test_a_statute_is_cut_at_its_sections() -> None:
    """A section's number is in the chunk or above it, its part above that."""
    chunks = cut(PROSE, Content.PROSE)
    assert [shown.split("\n")[0] for shown in texts(PROSE, chunks)][:2] == ["PART I", "Section 2 Clause of number 2"]
    assert chunks[2].heads == "PART I\nSection 2 Clause of number 2"
    assert "Perishable" in texts(PROSE, chunks)[0]


def test_numbered_headings_are_told_from_numbered_lists() -> None:
    """By what comes next."""
    clause = "The buyer pays. " * 20
    text = f"1. Price\n{clause}\n\n2. Delivery\n\n{clause}\n\nBring:\n\n1. Bread\n2. Wine\n\n1. Salt\n\n2. Oil\n"
    assert [chunk.heads for chunk in cut(text, Content.PROSE)] == ["", ""]
    assert [shown.split("\n")[0] for shown in texts(text, cut(text, Content.PROSE))] == ["1. Price", "2. Delivery"]
    long = f"1. Price\n{clause * 6}\n\n2. Delivery\n\n{clause * 6}"
    assert {chunk.heads for chunk in cut(long, Content.PROSE)} == {"", "1. Price", "2. Delivery"}


def test_methods_know_their_class_and_are_whole() -> None:
    """Long functions are cut at blank lines, under their signature."""
    chunks = cut(CODE, Content.CODE, "store.py")
    shown = texts(CODE, chunks)
    method = next(n for n, text in enumerate(shown) if "method_17" in text)
    assert chunks[method].heads == "class Store:"
    assert shown[method].startswith("    def method_")
    assert shown[method].endswith("]")
    assert '"""Keeps things."""' in next(text for text in shown if "class Store:" in text)
    assert (
        next(chunk for chunk, text in zip(chunks, shown, strict=True) if "# step 150" in text).heads == "def long(x):"
    )


def test_turns_are_whole_and_long_ones_keep_their_speaker() -> None:
    """The parts of a long turn stand under the name."""
    chunks = cut(DIALOGUE, Content.DIALOGUE)
    shown = texts(DIALOGUE, chunks)
    assert all(
        text.startswith(("Ann:", "Bob:")) or chunk.heads == "Ann:" for chunk, text in zip(chunks, shown, strict=True)
    )
    assert chunks[-1].heads == "Ann:"


def test_records_are_whole_and_nested_ones_know_their_path() -> None:
    """JSON lines, and an array inside of an object."""
    for shown in texts(JSONL, cut(JSONL, Content.JSON_ROWS)):
        assert shown.startswith('{"id"')
        assert shown.endswith("}")
    chunks = cut(JSON, Content.JSON_ROWS)
    assert chunks[1].heads.startswith(".orders")
    assert texts(JSON, chunks)[1].startswith('{"id"')


def test_places_are_where_the_lines_are() -> None:
    """Counted from 1, first and last included; within one long line by its characters."""
    lines = MARKDOWN.split("\n")
    chunks = [chunk for chunk in cut(MARKDOWN, Content.MARKDOWN) if "characters" not in chunk.place]
    assert len(chunks) > 3
    for chunk in chunks:
        numbers = chunk.place.removeprefix("lines ").removeprefix("line ").split("-")
        shown = "\n".join(lines[int(numbers[0]) - 1 : int(numbers[-1])])
        assert MARKDOWN[chunk.start : chunk.end] in shown
        assert shown.count("\n") == MARKDOWN[chunk.start : chunk.end].count("\n")
    assert cut("word " * 700, Content.PROSE)[0].place.startswith("line 1, characters 1-")


def test_pages_and_headings_are_places_too() -> None:
    """Of texts without lines; a sentence that goes on over a page's end stays one."""
    paged = "The rent is due\f" + "on the first day. " * 30 + "\f" + "Pets are allowed. " * 90 + "\f"
    places = [chunk.place for chunk in cut(paged, Content.PROSE, lined=False)]
    assert places[0] == "pages 1-2"
    assert places[-1] == "page 3"
    assert cut("# Fees\n\nNone.\n", Content.MARKDOWN, lined=False)[0].place == "§ Fees"


def test_most_chunks_are_near_their_target() -> None:
    """Neither crumbs nor monsters."""
    sizes = [len(shown) for shown in texts(PROSE, cut(PROSE, Content.PROSE))]
    assert sum(TARGET_BYTES / 2 <= size <= MOST_BYTES for size in sizes) >= 0.7 * len(sizes)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (Content.JSON_ROWS, '{"id": 17, "text": "some words"}, '),
        (Content.CODE, "var a = 1; "),
        (Content.PROSE, "NO SENTENCE HERE AT ALL\n"),
        (Content.PROSE, "A sentence of some words. "),
        (Content.DIFF, "--- a\n+++ b\n@@ -1 +1 @@\n-c\n+d\n"),
        (Content.MARKDOWN, "| a | b |\n"),
        (Content.TABLE, '"a, b",c\n'),
        (Content.DIALOGUE, "Ann: yes. Bob: no. "),
    ],
)
def test_cutting_takes_time_in_proportion_to_the_text(content: Content, part: str) -> None:
    """Also where all of it is one line, or one block."""

    def cpu_s(size: int) -> float:
        inner = part * (size // len(part))
        text = f"[{inner}0]" if content is Content.JSON_ROWS else inner
        begun_s = time.process_time()
        assert cut(text, content, "a.js")
        return time.process_time() - begun_s

    def least_cpu_s(size: int) -> float:
        """Of three tries, without the collection of what other tests left behind."""
        gc.disable()
        try:
            return min(cpu_s(size) for _ in range(3))
        finally:
            gc.enable()

    cpu_s(10_000)
    assert least_cpu_s(400_000) < 32 * least_cpu_s(50_000)  # 64 times, were it quadratic


def test_the_project_itself_is_cut_without_loss() -> None:
    """All of its own sources."""
    root = Path(__file__).parents[2]
    files = itertools.chain((root / "src").rglob("*.py"), (root / "docs").glob("*.md"))
    for path in itertools.islice(sorted(files), 0, None, 12):
        text = path.read_text("utf-8")
        check(text, cut(text, sniff(text, path.name), path.name))
