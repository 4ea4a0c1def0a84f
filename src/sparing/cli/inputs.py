"""Files, globs and standard input, read as text or refused in one clear line."""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sparing.errors import RequestError

STDIN = "-"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Material:
    """One text to work on.

    Attributes:
        name: Path as it was given; "" for standard input.
    """

    name: str
    text: str

    @property
    def title(self) -> str:
        return self.name or "standard input"


def read_all(paths: Sequence[str], encoding: str = "utf-8") -> list[Material]:
    """Read every path, glob or ``-``, each once, in the order given (globs sorted).

    Without paths standard input is read, unless it is a terminal.

    Raises:
        RequestError: A path is missing, a folder or unreadable, a glob matches nothing, or the content is not text.
    """
    if not paths and sys.stdin.isatty():
        raise RequestError("nothing to read", hint="name files, or pipe text in")
    found: dict[str, Material] = {}
    for path in paths or (STDIN,):
        if path in found:
            continue
        if path == STDIN:
            found[path] = _read_stdin(encoding)
        elif _is_pattern(path):
            found.update((name, item) for name, item in _read_pattern(path, encoding) if name not in found)
        else:
            found[path] = _read_file(path, encoding)
    return list(found.values())


def _is_pattern(path: str) -> bool:
    return glob.has_magic(path) and not Path(path).exists()


def _read_pattern(pattern: str, encoding: str) -> Iterator[tuple[str, Material]]:
    """What matches, less what is not text: a pattern sweeps up pictures that nobody asked for."""
    names = [name for name in sorted(glob.glob(pattern, recursive=True)) if Path(name).is_file()]  # noqa: PTH207 - Path.glob refuses absolute patterns
    if not names:
        raise RequestError(f"{pattern} matches no file")
    for name in names:
        data = _bytes_of(name)
        if _looks_binary(data, encoding):
            click.echo(f"sparing: {name} is binary: left out", err=True)
        else:
            yield name, Material(name, _decode(data, name, encoding))


def _read_file(name: str, encoding: str) -> Material:
    data = _bytes_of(name)
    if _looks_binary(data, encoding):
        raise _binary(name, data)
    return Material(name, _decode(data, name, encoding))


def _read_stdin(encoding: str) -> Material:
    data = sys.stdin.buffer.read()
    if not data:
        raise RequestError("standard input is empty")
    if _looks_binary(data, encoding):
        raise _binary("standard input", data)
    return Material("", _decode(data, "standard input", encoding))


def _bytes_of(name: str) -> bytes:
    path = Path(name)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RequestError(f"{name} does not exist") from error
    except IsADirectoryError as error:
        raise RequestError(
            f"{name} is a folder", hint=f"name its files, for example '{path / '**' / '*.md'}'"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RequestError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _looks_binary(data: bytes, encoding: str) -> bool:
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))
    return not wide and b"\0" in data[:_LOOKED_AT_BYTES]


def _binary(name: str, data: bytes) -> RequestError:
    if data.startswith(_UTF16_BOMS):
        return RequestError(f"{name} is UTF-16", hint="give --encoding utf-16")
    return RequestError(f"{name} is binary, not text")


def _decode(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        where = f"byte 0x{data[error.start]:02x} at offset {error.start:,}"
        hint = "give --encoding latin-1, cp1252, ..." if encoding == "utf-8" else "try another --encoding"
        raise RequestError(f"{name} is not {encoding.upper()}: {where}", hint=hint) from error
    except (LookupError, UnicodeError) as error:
        raise RequestError(f"{name} cannot be read as {encoding!r}: {error}", hint="see --encoding") from error
