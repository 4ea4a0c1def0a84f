"""The contract of a reader: bytes of one source format become a text that can be cut, searched and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sparing.core.content import Content


@dataclass(frozen=True, slots=True)
class Reading:
    """A source as text.

    Attributes:
        text: All that a reader of the source sees; a form feed ends each page of a source with pages.
        content: What cuts and reduces the text.
        title: What the source calls itself, "" if it does not.
        lined: Whether the lines of the text are lines of the source, so that a line number leads there.
    """

    text: str
    content: Content
    title: str = ""
    lined: bool = True


class Reader(Protocol):
    """Reads one source format. Pure, and deterministic for one version of its library.

    Attributes:
        name: Versioned: ``pdf.v1``. Another name means that sources are read anew.
        extensions: Of the files that it takes, in lower case without the dot.
    """

    @property
    def name(self) -> str: ...

    @property
    def extensions(self) -> frozenset[str]: ...

    def knows(self, start: bytes) -> bool:
        """Whether a file that begins like this, 4 KiB at most, is of this format whatever it is called."""
        ...

    def read(self, data: bytes, name: str) -> Reading:
        """The text of a source.

        Args:
            name: Of the file, or the last part of an address: a hint.
        Raises:
            SourceUnreadable: Encrypted, broken, not of this format, or without text.
            SettingsError: The extra that this format needs is not installed.
        """
        ...
