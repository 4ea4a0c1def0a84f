"""Answers that come whole and are shown another way: gathered, and passed on as they are where that takes too much."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

from sparing.generate.passing import Rewritten

_WHOLE_BYTES = 1 << 20  # a longer answer is passed on as it is


class WholeAnswer(Rewritten, ABC):
    """One body, of which something is made when all of it is here."""

    async def chunks(self) -> AsyncIterator[bytes]:
        body, passes = b"", False
        async for chunk in self._answer.chunks():
            body += chunk
            passes = passes or len(body) > _WHOLE_BYTES or body.lstrip()[:1] == b"["  # Gemini's other way to stream
            if passes:
                yield body
                body = b""
        if body:
            yield await self._shown(body)

    @abstractmethod
    async def _shown(self, body: bytes) -> bytes:
        """What goes out in place of a body."""
