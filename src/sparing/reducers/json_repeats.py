"""JSON that an earlier text of the request already holds becomes a reference, and what differs from it.

    reservation_id:JG7FMM [else as in messages[4]] cabin:economy insurance:no
    reservation_id:JG7FMM [else as in messages[4], without status] cabin:economy

An agent fetches the same record again, or changes it and gets all of it back. It is the same record where the first
field is the same, mostly an id; the reference starts with it, so that a reader finds the earlier text by it. What
differs is in text notation (`json_notation`), field by field of the outermost object. Nothing is lost as long as the
earlier text is sent whole: the same values stand there.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from sparing.core.counter import Counter
from sparing.core.ladder import Skip
from sparing.reducers.json_notation import fields, json_as_text
from sparing.reducers.json_words import key_word, read_json

_FEWEST_TOKENS_SAVED = 16  # a reader has to look elsewhere: not for a few words
_NEWEST = 8  # states of a record that are weighed against each other
_BLANK = "\ufeff \t\r\n"


@dataclass(frozen=True, slots=True)
class JsonReference:
    """A JSON text told by an earlier one.

    Attributes:
        tokens: Of `text`, exactly.
        refers_to: Label of the text that has to be sent whole for this to make sense.
        num_same: How many fields (items, for a list) are left to that text.
    """

    text: str
    tokens: int
    refers_to: str
    num_same: int


class JsonSeen:
    """The JSON that the request has shown so far: `add` a text once it is sent whole, `refer` one to those before."""

    def __init__(self) -> None:
        self._documents: list[tuple[str, Any]] = []
        self._whole: dict[bytes, int] = {}
        self._first: defaultdict[tuple[str, bytes], deque[int]] = defaultdict(lambda: deque(maxlen=_NEWEST))

    def add(self, label: str, text: str) -> None:
        """Remember a text all of whose values are sent, in JSON or in text notation.

        Args:
            label: Where it is, for the reader: ``messages[3]``.
            text: The JSON as it came; anything else is passed over.
        """
        document = _read(text)
        if document is None:
            return
        number = len(self._documents)
        self._documents.append((label, document))
        self._whole.setdefault(_print(document), number)
        if isinstance(document, dict) and _first(document):
            self._first[next(_prints(document))].append(number)

    def forget(self, label: str) -> None:
        """Never refer to this text again."""
        gone = {number for number, (known, _) in enumerate(self._documents) if known == label}
        self._whole = {print_: number for print_, number in self._whole.items() if number not in gone}
        for numbers in self._first.values():
            for number in gone.intersection(numbers):
                numbers.remove(number)

    def refer(self, text: str, counter: Counter) -> JsonReference | Skip:
        """Tell a text by what was added before, where that is shorter than its text notation; does not add it."""
        document = _read(text)
        whole = json_as_text(text)
        if document is None or whole is None:
            return Skip("not a JSON object or list")
        number = self._whole.get(_print(document), self._nearest(document))
        if number is None:
            return Skip("no earlier JSON is about the same")
        label, earlier = self._documents[number]
        told, num_same = _told(document, earlier, label)
        tokens = counter.count(told)
        if tokens + _FEWEST_TOKENS_SAVED > counter.count(whole):
            return Skip("too little of it stands in earlier JSON")
        return JsonReference(told, tokens, label, num_same)

    def _nearest(self, document: Any) -> int | None:
        """Of the newest documents with the same first field the one with most of the same fields by size."""
        prints = list(_prints(document))
        first = self._first.get(prints[0], ()) if prints else ()
        return max(first, key=lambda number: (self._shared(number, prints), number), default=None)

    def _shared(self, number: int, prints: list[tuple[str, bytes]]) -> int:
        earlier = set(_prints(self._documents[number][1]))
        return sum(len(key) + len(print_) for key, print_ in prints if (key, print_) in earlier)


def _told(document: Any, earlier: Any, label: str) -> tuple[str, int]:
    """The document by what differs from the earlier one, and how much is the same."""
    if document == earlier:
        name = fields(_first(document)) if isinstance(document, dict) else ""
        return f"{name} [all as in {label}]".lstrip(), len(document)
    same = {key for key, value in document.items() if key in earlier and earlier[key] == value}
    differing = {key: value for key, value in document.items() if key not in same}
    gone = [key_word(key) for key in earlier if key not in document]
    without = f", without {' '.join(gone)}" if gone else ""
    told = f"{fields(_first(document))} [else as in {label}{without}] {fields(differing)}"
    return told.rstrip(), len(same) - 1


def _first(document: dict[str, Any]) -> dict[str, Any]:
    """The first field, if it is one to know a record by."""
    key, value = next(iter(document.items()))
    return {} if isinstance(value, dict | list) else {key: value}


def _read(text: str) -> Any:
    try:
        document = read_json(text.strip(_BLANK))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict | list) and document else None


def _prints(document: Any) -> Iterator[tuple[str, bytes]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key, _print(value)


def _print(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)
