"""A folder is looked through once, whatever is in it; what is left out has a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sparing.errors import RequestError
from sparing.retrieve.walk import Found, Left, Walk, is_under, source_of


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")


def walked(root: Path, *roots: Path, exclude: tuple[str, ...] = ()) -> tuple[list[str], dict[str, str]]:
    """Sources found, in order, and why the others are left."""
    results = list(Walk(root, exclude).under(roots or (root,)))
    return [one.source for one in results if isinstance(one, Found)], {
        one.source: one.why for one in results if isinstance(one, Left)
    }


def test_files_are_found_by_name_in_order(tmp_path: Path) -> None:
    """Folders in their place among the files."""
    tree(tmp_path, "b.md", "a/z.txt", "a/b/c.txt", "c.txt")
    assert walked(tmp_path)[0] == ["a/b/c.txt", "a/z.txt", "b.md", "c.txt"]


def test_what_nobody_wants_to_find_is_left_out(tmp_path: Path) -> None:
    """Version control, environments, caches, what tools made, pictures; with a word on each."""
    tree(
        tmp_path, ".git/config", ".env", "node_modules/x/a.js", "env/pyvenv.cfg", "env/lib.py", "k/CACHEDIR.TAG", "k/x"
    )
    tree(tmp_path, "a.min.js", "uv.lock", "p.png", "__pycache__/a.txt", "keep.txt")
    found, left = walked(tmp_path)
    assert found == ["keep.txt"]
    assert left == {
        ".git": "hidden",
        ".env": "hidden",
        "node_modules": "made by tools",
        "__pycache__": "made by tools",
        "a.min.js": "made by tools",
        "uv.lock": "made by tools",
        "env": "a virtual environment",
        "k": "a cache",
        "p.png": "binary",
    }


def test_patterns_exclude_names_and_paths(tmp_path: Path) -> None:
    """Of files and folders."""
    tree(tmp_path, "a/drafts/x.md", "a/x.md", "a/y.tmp", "old/z.md")
    found, left = walked(tmp_path, exclude=("drafts/", "*.tmp", "old/*"))
    assert found == ["a/x.md"]
    assert set(left.values()) == {"excluded"}


def test_links_are_not_followed_into_loops(tmp_path: Path) -> None:
    """Unless they are named."""
    tree(tmp_path, "a/b/x.txt")
    (tmp_path / "a/b/loop").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found, left = walked(tmp_path)
    assert found == ["a/b/x.txt"]
    assert left == {"a/b/loop": "link", "self": "link"}
    assert walked(tmp_path, tmp_path / "a/b/loop")[0] == ["a/b/loop/b/x.txt"]
    assert walked(tmp_path, tmp_path / "self")[1]["self"].startswith("cannot be read: Too many levels")


def test_a_file_too_large_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    """Two gigabytes that nobody reads."""
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(2_000_000_000)
    assert walked(tmp_path)[1] == {"big.txt": "too large: 2,000 MB, the limit is 32 (--max-mb)"}


def test_special_and_empty_files_are_passed_over(tmp_path: Path) -> None:
    """A pipe would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    assert walked(tmp_path)[1] == {"pipe": "no regular file", "empty": "empty"}


def test_names_that_are_not_utf8_are_spelled_out(tmp_path: Path) -> None:
    """They are found again under the same name."""
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb") as file:  # noqa: PTH123
        file.write(b"words")
    assert walked(tmp_path)[0] == ["caf\\xe9.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_a_failure(tmp_path: Path) -> None:
    """The others are looked through."""
    tree(tmp_path, "a/x", "b/x")
    (tmp_path / "a").chmod(0)
    assert walked(tmp_path) == (["b/x"], {"a": "cannot be read: Permission denied"})
    (tmp_path / "a").chmod(0o700)


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """Before anything is looked at."""
    with pytest.raises(RequestError, match="does not exist"):
        list(Walk(tmp_path).under([tmp_path / "nothing"]))


def test_sources_are_named_from_their_base(tmp_path: Path) -> None:
    """Wherever one stands; what lies elsewhere by its whole path."""
    assert source_of(tmp_path / "docs/a.md", tmp_path) == "docs/a.md"
    assert source_of("/etc/hosts", tmp_path) == "/etc/hosts"
    assert source_of(tmp_path, tmp_path) == "."


@pytest.mark.parametrize(
    ("source", "root", "under"),
    [
        ("docs/a.md", "docs", True),
        ("docs", "docs", True),
        ("docs2/a.md", "docs", False),
        ("a.md", ".", True),
        ("/etc/hosts", ".", False),
        ("/etc/hosts", "/", True),
        ("app.log#L12", "app.log", True),
        ("https://x.org/docs", ".", False),
    ],
)
def test_what_lies_under_a_root(source: str, root: str, *, under: bool) -> None:
    """By whole parts of the path."""
    assert is_under(source, [root]) is under
