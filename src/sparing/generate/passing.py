"""An answer that is another one, but for what a wrapper changes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from multidict import CIMultiDict

from sparing.core.upstream import Answer, Served, served_by


class Passing:
    """Passes an answer on as it is. Implements `core.upstream.Answer`; a wrapper overrides what it is there for.

    Attributes:
        served: Who gave the answer.
        head: Its first piece where that is known already; see `faults.has_failed`.
    """

    def __init__(self, answer: Answer, served: Served | None = None) -> None:
        self._answer = answer
        self.served = served_by(answer) if served is None else served
        self.head: bytes = getattr(answer, "head", b"")

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    def chunks(self) -> AsyncIterator[bytes]:
        return self._answer.chunks()

    async def aclose(self) -> None:
        await self._answer.aclose()


class Rewritten(Passing):
    """One whose body may come to be of another length, which its headers then do not tell."""

    @property
    def headers(self) -> Mapping[str, str]:
        kept = CIMultiDict(self._answer.headers)  # names in whatever case, and repeated ones repeated
        kept.popall("content-length", None)
        return kept
