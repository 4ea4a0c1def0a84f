"""An answer gathered as it passes, and given out again in the same pieces."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping

from multidict import CIMultiDict

from sparing.core.upstream import Answer, Served
from sparing.generate.cache.answers import EVENTS
from sparing.generate.cache.entry import Entry
from sparing.generate.passing import Passing

_EVENT_END = re.compile(rb"\r?\n\r?\n|\r\r")


def kind_of(headers: Mapping[str, str]) -> str:
    """The media type."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def piece_ends(kind: str, chunks: Iterable[bytes]) -> tuple[int, ...]:
    """Where the pieces of an answer end: events of a stream, however they were cut on the way; else the chunks."""
    if kind == EVENTS:
        body = b"".join(chunks)
        ends = [match.end() for match in _EVENT_END.finditer(body)]
        return tuple(ends if ends and ends[-1] == len(body) else [*ends, len(body)])
    ends, end = [], 0
    for chunk in chunks:
        end += len(chunk)
        ends.append(end)
    return tuple(ends)


class KeptAnswer:
    """An entry as an answer. Implements `core.upstream.Answer`."""

    def __init__(self, entry: Entry, told: Mapping[str, str]) -> None:
        self._entry = entry
        self.status = entry.status
        self.headers: CIMultiDict[str] = CIMultiDict({"content-type": entry.content_type, **told})
        if kind_of(self.headers) != EVENTS:
            self.headers["content-length"] = str(len(entry.body))

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces, none waiting for another."""
        begin, body = 0, self._entry.body
        for end in self._entry.ends:
            yield body[begin:end]
            begin = end

    async def aclose(self) -> None: ...


class ToldAnswer(Passing):
    """Another answer with headers of ours."""

    def __init__(self, answer: Answer, told: Mapping[str, str], served: Served | None = None) -> None:
        super().__init__(answer, served)
        self._headers = with_told(answer.headers, told)

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers


def with_told(headers: Mapping[str, str], told: Mapping[str, str]) -> CIMultiDict[str]:
    """An upstream's headers, repeated ones repeated, and ours in place of any of the same name."""
    both: CIMultiDict[str] = CIMultiDict(headers)
    for name, value in told.items():
        both[name] = value
    return both
