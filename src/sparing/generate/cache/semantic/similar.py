"""Whether a kept answer to another question will do for this one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sparing.generate.cache.answers import Said
from sparing.generate.cache.asked import Asked
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Embedder, Vector
from sparing.generate.cache.semantic.evidence import APART, Evidence
from sparing.generate.cache.semantic.index import Index, Match, Record
from sparing.generate.cache.semantic.same_answer import same_answer
from sparing.generate.cache.semantic.wording import Wording, take_apart

_MOST_CHARS = 2_000  # more is a document with a question in it


@dataclass(frozen=True, slots=True)
class Found:
    """One lookup.

    Attributes:
        match: None where no question that was answered shares a word with it.
        audit: It is answered anew, to learn whether `match` would have done.
        given: The key of the entry to give; b"" for none.
    """

    wording: Wording
    vector: Vector
    match: Match | None
    audit: bool
    given: bytes


class Similar:
    """Finds questions that mean the same, and learns from what they were answered. For one event loop.

    A question is looked for among those with the same context only: same tenant, model, system prompt, tools,
    parameters and messages before it.
    """

    def __init__(self, embedder: Embedder, bound: Bound, index: Index) -> None:
        self._embedder = embedder
        self._index = index
        self.bound = bound

    def takes(self, asked: Asked) -> bool:
        """Whether there is a question that may be looked for: text, not too long, not about now."""
        return bool(asked.context) and 0 < len(asked.question) <= _MOST_CHARS and not asked.dated

    async def find(self, asked: Asked) -> Found:
        """Look it up."""
        vector = await self._embedded(asked.question)
        wording = take_apart(asked.question)
        match = self._index.nearest(asked.context, wording, vector)
        audit = match is not None and self.bound.is_audit()
        given = b"" if match is None or audit else self._given(match)
        return Found(wording, vector, match, audit, given)

    def add(self, asked: Asked, found: Found) -> None:
        """The question was answered, and the answer kept."""
        self._index.add(asked.context, Record(asked.key, found.wording, found.vector))

    def forget(self, asked: Asked, key: bytes) -> None:
        """The entry is gone."""
        self._index.remove(asked.context, key)

    def learn(self, found: Found, kept: Said | None, now: Said) -> None:
        """What was answered now, where `kept` could have been given (None: its entry is gone)."""
        match = found.match
        if match is None:
            return
        if match.record is None:
            if found.audit:
                self.bound.learn(APART, right=True)
            return
        if kept is None:
            return
        right = kept.calls_tools == now.calls_tools and same_answer(kept.text, now.text)
        if not right:
            match.record.wrong_at = max(match.record.wrong_at, match.similarity)
        if found.audit:
            self.bound.learn(_evidence(match), right=right)

    def _given(self, match: Match) -> bytes:
        record = match.record
        if record is None or match.similarity <= record.wrong_at or not self.bound.gives(_evidence(match)):
            return b""
        return record.key

    async def _embedded(self, text: str) -> Vector:
        if self._embedder.slow:
            return await asyncio.to_thread(self._embedder.embed, text)
        return self._embedder.embed(text)


def _evidence(match: Match) -> Evidence:
    return Evidence(match.similarity, match.num_alike)
