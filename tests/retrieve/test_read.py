"""Sources of every format become texts that say what they say; what cannot be read is refused in a clear word."""

from __future__ import annotations

import io
import sys
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_documents import SAMPLES, docx, pdf

from sparing.core.content import Content
from sparing.core.reader import Reading
from sparing.errors import SettingsError, SourceBinary, SourceUnreadable
from sparing.retrieve.read.choose import reader_for, readers
from sparing.retrieve.read.document import document_of
from sparing.retrieve.read.encoding import decode
from sparing.retrieve.read.running import without_running_lines

HTML = b"""<!doctype html><html><head><title>Fees &amp; rates</title><meta charset="latin-1"></head><body>
<nav><a href="/">Home</a> <a href="/x">Another page of the site</a></nav><h1>Fees</h1><p>A transfer costs 5 \xa3.</p>
<script>no()</script><h2>Cards</h2><table><tr><th>card</th><th>fee</th></tr><tr><td>blue</td><td>3</td></tr></table></body></html>"""


INTACT = {
    "a.pdf": pdf(["one page", "another"], title="Pages"),
    "a.docx": docx(),
    "a.html": HTML,
    "a.txt": SAMPLES["handbook.md"].encode(),
}


def read(data: bytes, name: str) -> Reading:
    return reader_for(data, name).read(data, name)


def test_pages_of_a_pdf_end_with_form_feeds() -> None:
    """And its title is known; it is told by its bytes, whatever it is called."""
    reading = read(pdf(["The rent is 900.", "It is due on the first."], title="Lease"), "lease.txt")
    assert reading == Reading("The rent is 900.\fIt is due on the first.\f", Content.PROSE, "Lease", lined=False)


def test_a_pdf_that_needs_a_password_is_refused() -> None:
    """The user's password is asked for by viewers too; without one it is opened."""
    with pytest.raises(SourceUnreadable, match="encrypted"):
        read(pdf(["secret"], password="x"), "a.pdf")


@pytest.mark.parametrize("broken", [lambda data: data[: len(data) // 2], lambda data: data[:60], lambda _: b"text"])
def test_a_broken_pdf_is_refused(broken) -> None:  # type: ignore[no-untyped-def]
    """With one error of ours, whatever the library stumbles over."""
    with pytest.raises(SourceUnreadable):
        read(broken(pdf(["one", "two"])), "a.pdf")


def test_a_pdf_of_pictures_says_that_it_has_no_text() -> None:
    """Empty pages."""
    with pytest.raises(SourceUnreadable, match="no text"):
        read(pdf(["", ""]), "scan.pdf")


def test_running_heads_and_page_numbers_are_read_once() -> None:
    """What only looks like one stays: a section's number is not the page's alone."""
    pages = [f"Annual report {n + 9}\nSection {n}\nText of page {n}.\nACME Corp\n{n + 9}" for n in range(1, 5)]
    assert without_running_lines(pages) == [
        pages[0],
        "Section 2\nText of page 2.\nACME Corp",
        "Section 3\nText of page 3.\nACME Corp",
        "Section 4\nText of page 4.\nACME Corp",
    ]
    sections = [f"Section {n}\nText of page {n}." for n in range(9)]
    assert without_running_lines(sections) == sections
    assert without_running_lines(["", "a", "\n"]) == ["", "a", ""]


def test_a_word_document_is_read_as_markdown() -> None:
    """Headings, lists and tables where they stand."""
    reading = read(docx(), "policy")
    assert reading.title == "Leave policy"
    assert reading.text == (
        "\n# Leave\n\nEverybody has 28 days.\n\n## Exceptions\n- Pilots have 35 days.\n"
        "\n| grade | days |\n| --- | --- |\n| A | 30 |\n\nAsk the office.\n"
    )


@pytest.mark.parametrize(
    ("data", "why"), [(docx()[:900], "broken"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted"), (b"", "broken")]
)
def test_a_broken_or_encrypted_word_document_is_refused(data: bytes, why: str) -> None:
    """Told by its name."""
    with pytest.raises(SourceUnreadable, match=why):
        read(data, "a.docx")


def test_a_word_document_that_would_fill_the_memory_is_refused() -> None:
    """By what its archive says that it unfolds to."""
    bomb = io.BytesIO(docx())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/more.xml", b" " * 101_000_000)
    assert len(bomb.getvalue()) < 200_000
    with pytest.raises(SourceUnreadable, match="unfold to 102 MB"):
        read(bomb.getvalue(), "a.docx")


@pytest.mark.parametrize(("name", "library"), [("a.pdf", "pypdf"), ("a.docx", "docx")])
def test_without_the_extra_it_is_told_how_to_get_it(name: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingsError, match=r"pip install 'sparing\[documents\]'"):
        read(b"any bytes", name)


@given(
    st.sampled_from(("a.pdf", "a.docx", "a.html", "a.txt")),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=30)), max_size=8),
)
def test_a_damaged_source_is_read_or_refused(name: str, damage: list[tuple[float, bytes]]) -> None:
    """Whatever is wrong with it."""
    data = INTACT[name]
    for where, with_what in damage:
        at = int(where * len(data))
        data = data[:at] + with_what + data[at + 2 * len(with_what) :]
    with suppress(SourceUnreadable):
        assert isinstance(read(data, name), Reading)


def test_a_page_is_what_its_reader_sees() -> None:
    """In the encoding that it declares, without navigation and scripts."""
    reading = read(HTML, "fees")
    assert reading.title == "Fees & rates"
    assert reading.content is Content.MARKDOWN
    assert reading.text.split("\n") == [
        "",
        "# Fees",
        "A transfer costs 5 £.",
        "",
        "## Cards",
        "card | fee",
        "blue | 3",
        "",
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("für 5 €".encode(), "für 5 €"),
        ("für 5 €".encode("utf-8-sig"), "für 5 €"),
        ("für 5 €".encode("utf-16"), "für 5 €"),
        (b"\xfe\xff" + "für 5 €".encode("utf-16-be"), "für 5 €"),
        ("plain words".encode("utf-16-le"), "plain words"),
        ("plain words".encode("utf-16-be"), "plain words"),
        ("für 5 €".encode("utf-32"), "für 5 €"),
        ("für 5 €".encode("cp1252"), "für 5 €"),
        (b"undefined \x81 here", "undefined \x81 here"),
        ("Grüße\n".encode() + "Grüße\n".encode("latin-1") + b"ok\r\n", "Grüße\nGrüße\nok\r\n"),
        (b"", ""),
    ],
)
def test_encodings_are_told_and_may_be_mixed(data: bytes, text: str) -> None:
    """By mark, by form, and line by line."""
    assert decode(data) == text


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\0\0\0", bytes(range(256)) * 8, b"\0" * 4096])
def test_what_is_no_text_is_told_from_text(data: bytes) -> None:
    """Programs, noise, zeros."""
    with pytest.raises(SourceBinary):
        read(data, "thing")


@pytest.mark.parametrize("name", SAMPLES)
def test_text_is_read_as_it_is(name: str) -> None:
    """Every character."""
    assert read(SAMPLES[name].encode(), name).text == SAMPLES[name]


def test_a_document_has_a_title_above_every_chunk() -> None:
    """What it calls itself, else its file's name."""
    named = document_of(HTML, "fees.html", "site/fees.html", frozenset(), "d")
    assert named.chunks
    assert all(chunk.heads.startswith("Fees & rates") for chunk in named.chunks)
    assert document_of(b"words", "a.txt", "x/a.txt", frozenset(), "d").chunks[0].heads == "a.txt"


def test_readers_come_through_the_registry() -> None:
    """The built-in ones use the door of everyone else's."""
    assert {reader.name for reader in readers()} >= {"text.v1", "html.v1", "pdf.v1", "docx.v1"}
