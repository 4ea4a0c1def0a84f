"""An answer held to the passages that it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from sparing.core.upstream import Answer
from sparing.finish.citations import Checked, Checks, check_citations
from sparing.generate.cache.answers import EVENTS, JSON, read_answer
from sparing.generate.passing import Passing
from sparing.retrieval import Retrieved

_MOST_BYTES = 1 << 20  # of an answer that is read; a longer one is passed on as it is
_TEXTS = frozenset({"content", "text"})


class CheckedAnswer(Passing):
    """Passes an answer on; one that is no stream with its unsupported sentences marked, or taken out.

    A stream is passed on as it comes, and checked at its end.

    Args:
        ended: Called with what was found, before the last byte is passed on.
    """

    def __init__(
        self, answer: Answer, wire: str, retrieved: Retrieved, checks: Checks, ended: Callable[[Checked], None]
    ) -> None:
        super().__init__(answer)
        self._wire, self._retrieved, self._checks, self._ended = wire, retrieved, checks, ended
        self._kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def headers(self) -> Mapping[str, str]:
        headers = super().headers
        if self._kind != JSON:
            return headers
        return {name: value for name, value in headers.items() if name.lower() != "content-length"}

    async def chunks(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        size, held = 0, self._kind == JSON
        async for chunk in super().chunks():
            size += len(chunk)
            if size > _MOST_BYTES:
                for part in parts if held else ():
                    yield part
                parts, held = [], False
            else:
                parts.append(chunk)
            if not held:
                yield chunk
        if size > _MOST_BYTES:
            return
        body = b"".join(parts)
        checked = self._check(body)
        if held:
            yield _told(body, checked) if checked is not None else body

    def _check(self, body: bytes) -> Checked | None:
        said = read_answer(self._wire, self._kind if self._kind in (JSON, EVENTS) else JSON, body)
        if said is None or said.wrong or not said.text.strip():
            return None
        question, sources = self._retrieved.question, self._retrieved.sources
        checked = check_citations(said.text, sources, question=question, checks=self._checks)
        self._ended(checked)
        return checked


def _told(body: bytes, checked: Checked) -> bytes:
    """The body with the answer as it is to be shown; as it came where that is the same, or is said in pieces."""
    if checked.answer == checked.said:
        return body
    whole = msgspec.json.decode(body)
    return msgspec.json.encode(whole) if _replace(whole, checked) == 1 else body


def _replace(value: Any, checked: Checked) -> int:
    """Put the checked text in place of what was said; how often."""
    if isinstance(value, list):
        return sum(_replace(item, checked) for item in value)
    if not isinstance(value, dict):
        return 0
    done = 0
    for name, inner in value.items():
        if name in _TEXTS and inner == checked.said:
            value[name] = checked.answer
            done += 1
        else:
            done += _replace(inner, checked)
    return done
