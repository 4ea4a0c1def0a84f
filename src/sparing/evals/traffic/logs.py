"""Log files -> conversations. What cannot be read is counted, named with its line, and left out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing import registry
from sparing.core.wire import Wire
from sparing.errors import RequestError
from sparing.evals.traffic.bodies import Logged, read_logged
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.sessions import Sessions, in_order

_SUFFIXES = (".jsonl", ".json", ".ndjson", ".jsonl.gz", ".ndjson.gz")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is left out: ``log.jsonl:17`` and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was read."""

    conversations: tuple[Conversation, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def num_turns(self) -> int:
        return sum(len(one.turns) for one in self.conversations)


def log_files(folder: Path) -> list[Path]:
    """The logs in a folder and the folders in it, sorted.

    Raises:
        RequestError: There are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.name.endswith(_SUFFIXES) and path.is_file())
    if not found:
        raise RequestError(f"no logs in {folder}", hint=f"files that end in {', '.join(_SUFFIXES)}")
    return found


def read_logs(paths: Sequence[Path], model: str = "") -> Traffic:
    """Read logs. Several files with one request each are the turns of one conversation, in the order given.

    Args:
        model: Put into every request instead of the recorded model.
    Raises:
        RequestError: A file cannot be read, or no line of any is a request or a conversation.
    """
    lines: list[tuple[str, Logged]] = []
    unreadable: list[Unreadable] = []
    per_file = []
    for path in paths:
        before = len(lines)
        for where, value in _values(path):
            try:
                if isinstance(value, ValueError):
                    raise value
                lines.append((where, _checked(read_logged(value, model))))
            except (RequestError, ValueError, RecursionError) as error:
                unreadable.append(Unreadable(where, str(error)))
        per_file.append(len(lines) - before)
    if not lines:
        first = f": {unreadable[0].where}: {unreadable[0].why}" if unreadable else ""
        raise RequestError(f"no request and no conversation in what was read{first}")
    if len(paths) > 1 and set(per_file) == {1} and not any(logged.whole for _, logged in lines):
        return Traffic((in_order(lines),), tuple(unreadable))
    sessions = Sessions()
    for where, logged in lines:
        sessions.add(logged, where)
    return Traffic(tuple(sessions.conversations()), tuple(unreadable))


def _checked(logged: Logged) -> Logged:
    """Raises `MalformedBody` where the gateway would."""
    wire: Wire = registry.load("wires", logged.wire)
    wire.parse(logged.turns[-1].body)
    return logged


def _values(path: Path) -> Iterator[tuple[str, Any]]:
    """Where each value stands, and the value or the error that reading it gave. A file may also be one JSON value."""
    text = _text(path)
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield f"{path.name}:{number}", _value(line)
        return
    several = isinstance(whole, list) and not (whole and isinstance(whole[0], dict) and "role" in whole[0])
    for number, value in enumerate(whole if several else [whole], 1):
        yield f"{path.name}:{number}" if several else f"{path.name}:1", value


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        return ValueError("nested too deeply")
    except ValueError as error:
        return ValueError(f"not JSON: {error}")


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        return data.decode("utf-8-sig", "surrogateescape")  # the line that is not UTF-8 is refused, not the file
    except (OSError, EOFError) as error:
        raise RequestError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
