"""Examples from a user's own labels: a JSON object a line, ``{"text": ..., "question": ..., "needed": [...]}``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sparing.errors import RequestError
from sparing.evals.calibration.examples import Example, holds

_SHOWN_CHARS = 60


class Label(msgspec.Struct, frozen=True):
    """One line.

    Attributes:
        needed: Strings of the text that the question needs, all of them; none where answers are compared.
        name: File or tool name, a hint for telling what the text is.
        tool_result: Whether a tool gave the text.
    """

    text: Annotated[str, Meta(min_length=1)]
    question: Annotated[str, Meta(min_length=1)]
    needed: list[str] = []
    name: str = ""
    tool_result: bool = False


def read_labelled(paths: Sequence[Path], *, labelled: bool = True) -> list[Example]:
    """The examples of these files.

    Args:
        labelled: Whether every line has to say what is needed.
    Raises:
        RequestError: A file cannot be read, or a line is no label, or names what its text does not hold.
    """
    return [
        _example(line, f"{path}:{number}", path.name, labelled=labelled)
        for path in paths
        for number, line in enumerate(_lines(path), 1)
        if line.strip()
    ]


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}") from error


def _example(line: bytes, where: str, source: str, *, labelled: bool) -> Example:
    try:
        label = msgspec.json.decode(line, type=Label)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = 'a line is {"text": "...", "question": "...", "needed": ["...", ...]}'
        raise RequestError(f"{where} is no label: {error}", hint=hint) from error
    if labelled and not label.needed:
        raise RequestError(
            f"{where} is no label: nothing is needed", hint="name it, or give --upstream to compare answers"
        )
    for needed in label.needed:
        if not needed.strip() or not holds(label.text, needed):
            raise RequestError(
                f"{where}: the text does not hold {needed[:_SHOWN_CHARS]!r}",
                hint="what is needed is named as the text writes it, whole words",
            )
    return Example(
        label.text,
        label.question,
        tuple((needed,) for needed in label.needed),
        source=source,
        group=where,
        name=label.name,
        is_result=label.tool_result,
    )
