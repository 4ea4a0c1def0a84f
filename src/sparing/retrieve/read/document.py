"""A source read and cut: what a store is given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from sparing.core.passage import Document
from sparing.errors import SourceUnreadable
from sparing.retrieve.cut import VERSION, cut
from sparing.retrieve.read.choose import reader_for


def read_document(path: str | Path, labels: Iterable[str] = (), *, source: str = "", made_for: str = "") -> Document:
    """A file as a document.

    Args:
        source: What it is called; by default its path.
        made_for: What else its rows depend on, such as the embedder's name.
    Raises:
        SourceUnreadable: It cannot be read, or is not of a format that is known.
        SettingsError: The extra that its format needs is not installed.
    """
    data = bytes_of(path)
    name = os.fsencode(Path(path).name).decode("utf-8", "replace")
    labels = frozenset(labels)
    return document_of(data, name, source or str(path), labels, digest_of(data, name, labels, made_for))


def bytes_of(path: str | Path) -> bytes:
    """The bytes of a file.

    Raises:
        SourceUnreadable: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SourceUnreadable(f"cannot be read: {error.strerror or error}") from error


def document_of(data: bytes, name: str, source: str, labels: frozenset[str], digest: str) -> Document:
    """Read and cut. Pure.

    Raises:
        SourceUnreadable: See `core.reader.Reader.read`.
    """
    reading = reader_for(data, name).read(data, name)
    chunks = cut(reading.text, reading.content, name, title=reading.title or name, lined=reading.lined)
    return Document(source, reading.text, digest, chunks, labels)


def digest_of(data: bytes, name: str, labels: Iterable[str], made_for: str) -> str:
    """Of everything that the rows of a source depend on, and its labels as they are: see `labels_in`."""
    made = hashlib.blake2b(data, digest_size=16)
    made.update("\0".join(("", name, reader_for(data, name).name, VERSION, made_for)).encode("utf-8", "replace"))
    return " ".join([made.hexdigest(), *sorted(labels)])


def labels_in(digest: str) -> frozenset[str]:
    """The labels that a document was stored with."""
    return frozenset(digest.split(" ")[1:])
