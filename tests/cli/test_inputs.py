"""Files, globs and standard input."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sparing.cli.inputs import read_all
from sparing.errors import RequestError


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_files_are_read_as_they_are() -> None:
    """Line ends and blanks stay; only a byte order mark goes."""
    Path("a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo \n\n")
    assert [(item.name, item.text) for item in read_all(["a.txt"])] == [("a.txt", "one\r\ntwo \n\n")]


def test_standard_input_is_read_without_paths_or_by_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both mean the same."""
    for paths in ([], ["-"]):
        stdin(monkeypatch, "grüß".encode())
        (item,) = read_all(paths)
        assert (item.name, item.title, item.text) == ("", "standard input", "grüß")


def test_each_file_is_read_once_in_order() -> None:
    """A pattern is sorted, and does not repeat what was named before."""
    for name in ("b.txt", "a.txt", "c.md"):
        Path(name).write_text(name)
    assert [item.name for item in read_all(["c.md", "b.txt", "*.txt", "b.txt"])] == ["c.md", "b.txt", "a.txt"]


def test_patterns_go_down_and_leave_out_what_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Folders are skipped in silence, binary files with a note."""
    Path("sub/deeper").mkdir(parents=True)
    Path("sub/deeper/x.txt").write_text("x")
    Path("sub/y.txt").write_bytes(b"\x89PNG\0\0")
    assert [item.name for item in read_all(["sub/**"])] == ["sub/deeper/x.txt"]
    assert capsys.readouterr().err == "sparing: sub/y.txt is binary: left out\n"


def test_a_name_with_brackets_is_a_name_when_it_exists() -> None:
    """Not every bracket is a pattern."""
    Path("a[1].txt").write_text("x")
    assert [item.name for item in read_all(["a[1].txt"])] == ["a[1].txt"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing.txt", None, r"missing\.txt does not exist"),
        ("*.nothing", None, r"\*\.nothing matches no file"),
        ("bin", b"ab\0cd", r"bin is binary, not text"),
        ("wide", "hi".encode("utf-16"), r"wide is UTF-16 \(give --encoding utf-16\)"),
        ("latin", b"caf\xe9!", r"latin is not UTF-8: byte 0xe9 at offset 3 \(give --encoding latin-1"),
        ("a\0b", None, r"cannot be read: embedded null"),
    ],
)
def test_what_is_no_text_is_refused(name: str, data: bytes | None, message: str) -> None:
    """The message names the file and what to do."""
    if data is not None:
        Path(name).write_bytes(data)
    with pytest.raises(RequestError, match=message):
        read_all([name])


def test_a_folder_is_refused_with_a_pattern_to_use() -> None:
    """The hint can be pasted."""
    Path("docs").mkdir()
    with pytest.raises(RequestError, match=r"docs is a folder \(name its files, for example 'docs/\*\*/\*\.md'\)"):
        read_all(["docs"])


@pytest.mark.parametrize(("data", "message"), [(b"", "empty"), (b"\0\0", "binary"), (b"\xff\xfea\0", "UTF-16")])
def test_bad_standard_input_is_refused(data: bytes, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, and what is not text."""
    stdin(monkeypatch, data)
    with pytest.raises(RequestError, match=message):
        read_all([])


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without paths and without a pipe there is nothing to read."""
    stdin(monkeypatch, b"x")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    with pytest.raises(RequestError, match="nothing to read"):
        read_all([])


@pytest.mark.parametrize(
    ("encoding", "data"), [("latin-1", b"caf\xe9"), ("utf-16", "café".encode("utf-16")), ("cp1252", b"caf\xe9")]
)
def test_other_encodings_are_read_when_named(encoding: str, data: bytes) -> None:
    """`--encoding` says how."""
    Path("f").write_bytes(data)
    assert read_all(["f"], encoding)[0].text == "café"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    """Unknown ones, and codecs that do not give text."""
    Path("f").write_text("abc")
    with pytest.raises(RequestError, match=f"f cannot be read as '{encoding}'"):
        read_all(["f"], encoding)


def test_a_file_that_does_not_fit_a_named_encoding_is_refused() -> None:
    """With the place of the first byte that does not."""
    Path("f").write_bytes(b"abc\xff")
    with pytest.raises(RequestError, match="f is not ASCII: byte 0xff at offset 3"):
        read_all(["f"], "ascii")
