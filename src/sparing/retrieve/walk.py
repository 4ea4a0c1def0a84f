"""What there is to index under some paths, and what is left out and why. Links are not followed: loops end nowhere.

Left out by default, as version control and search tools do: hidden files and folders, environments and caches of
tools, what other files are made from again, and what is no text by its name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sparing.errors import RequestError
from sparing.reducers.language import extension

MOST_BYTES = 32_000_000  # ten times that is what indexing it may take of memory
SEGMENT = "#L"
"""Between the name of a file that is followed and the line that one of its stretches begins at."""

_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "bower_components", "__MACOSX"})
_MARKS = {"pyvenv.cfg": "a virtual environment", "CACHEDIR.TAG": "a cache"}
_ENDINGS = (".min.js", ".min.css", ".js.map", ".css.map", ".egg-info", "-lock.json", ".lock", "~", ".swp")
_BINARY = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "bmp",
        "ico",
        "tif",
        "tiff",
        "heic",
        "psd",
        "mp3",
        "wav",
        "ogg",
        "flac",
        "m4a",
        "mp4",
        "mov",
        "avi",
        "mkv",
        "webm",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "zip",
        "gz",
        "tgz",
        "bz2",
        "xz",
        "zst",
        "7z",
        "rar",
        "tar",
        "jar",
        "war",
        "whl",
        "egg",
        "so",
        "dylib",
        "dll",
        "exe",
        "bin",
        "o",
        "a",
        "obj",
        "lib",
        "pyc",
        "pyo",
        "class",
        "wasm",
        "dat",
        "pack",
        "idx",
        "db",
        "db-wal",
        "db-shm",
        "sqlite",
        "sqlite3",
        "parquet",
        "arrow",
        "feather",
        "npy",
        "npz",
        "pt",
        "pth",
        "onnx",
        "gguf",
        "safetensors",
        "pkl",
        "h5",
        "iso",
        "dmg",
        "img",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "doc",
        "odt",
    ]
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to index.

    Attributes:
        source: What it is called in a store, see `source_of`.
        named: Whether it was asked for by its own name.
    """

    path: str
    source: str
    size_bytes: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is not indexed.

    Attributes:
        failed: Whether it should have been.
    """

    source: str
    why: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """How to look.

    Attributes:
        base: Folder that sources below it are named from.
        exclude: Patterns of names, or of paths below the folder that was asked for.
    """

    base: Path
    exclude: tuple[str, ...] = ()
    most_bytes: int = MOST_BYTES

    def under(self, roots: Sequence[Path]) -> Iterator[Found | Left]:
        """Everything under some files and folders, each folder's entries by name.

        Raises:
            RequestError: One of them does not exist.
        """
        for root in roots:
            if not os.path.lexists(root):
                raise RequestError(f"{root} does not exist")
        for root in roots:
            path = os.path.abspath(root)  # noqa: PTH100 - Path.resolve would follow links, and so rename what is indexed
            if os.path.isdir(path):  # noqa: PTH112 - names that are not UTF-8 stay strings of `os`
                yield from self._folder(path, path)
            else:
                yield self._file(path, os.stat, named=True)

    def _folder(self, folder: str, root: str) -> Iterator[Found | Left]:
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            yield Left(self.source(folder), f"cannot be read: {error.strerror}", failed=True)
            return
        mark = next((entry.name for entry in entries if entry.name in _MARKS), "")
        if mark and folder != root:
            yield Left(self.source(folder), _MARKS[mark])
            return
        for entry in entries:
            why = self._reason(entry, root)
            if why:
                yield Left(self.source(entry.path), why)
            elif entry.is_dir(follow_symlinks=False):
                yield from self._folder(entry.path, root)
            else:
                yield self._file(entry.path, os.lstat)

    def _reason(self, entry: os.DirEntry[str], root: str) -> str:
        """Why an entry of a folder is left out; "" if it is not."""
        name = entry.name
        below = os.path.relpath(entry.path, root)
        if any(fnmatchcase(name, glob) or fnmatchcase(below, glob) for glob in map(_bare, self.exclude)):
            return "excluded"
        if name.startswith("."):
            return "hidden"
        if entry.is_symlink():
            return "link"
        if entry.is_dir(follow_symlinks=False):
            return "made by tools" if name in _FOLDERS or name.endswith(_ENDINGS) else ""
        if name.endswith(_ENDINGS):
            return "made by tools"
        return "binary" if extension(name) in _BINARY else ""

    def _file(self, path: str, look: Callable[[str], os.stat_result], *, named: bool = False) -> Found | Left:
        source = self.source(path)
        try:
            found = look(path)
        except OSError as error:
            return Left(source, f"cannot be read: {error.strerror}", failed=True)
        if not stat.S_ISREG(found.st_mode):
            return Left(source, "no regular file", failed=named)
        if not found.st_size:
            return Left(source, "empty")
        if found.st_size > self.most_bytes:
            size, most = found.st_size / 1e6, self.most_bytes / 1e6
            return Left(source, f"too large: {size:,.0f} MB, the limit is {most:,.0f} (--max-mb)", failed=True)
        return Found(path, source, found.st_size, named)

    def source(self, path: str | Path) -> str:
        """What a file is called in a store."""
        return source_of(path, self.base)


def source_of(path: str | Path, base: Path) -> str:
    """A path from `base` on where it lies below, else the whole; bytes that are no UTF-8 as ``\\xNN``."""
    absolute = os.path.abspath(path)  # noqa: PTH100
    below = os.path.relpath(absolute, base)
    name = absolute if below == os.pardir or below.startswith(os.pardir + os.sep) else below
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def is_under(source: str, roots: Sequence[str]) -> bool:
    """Whether a source is one of these, lies in one of these folders, or is a stretch of one that was followed.

    Args:
        roots: As `source_of` calls them; "." is the base itself.
    """
    if "://" in source:
        return False
    return any(
        source == root
        or source.startswith((root.rstrip("/") + "/", root + SEGMENT))
        or (root == "." and not source.startswith("/"))
        for root in roots
    )


def _bare(glob: str) -> str:
    return glob.rstrip("/")
