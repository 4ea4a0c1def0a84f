"""An answer whose first piece is here, so that nothing that fails before it reaches a caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from sparing.core.upstream import Answer, Served, served_by


class Begun:
    """An answer, its first piece, and who gave it. Implements `core.upstream.Answer`; `chunks` can be taken once."""

    def __init__(self, answer: Answer, rest: AsyncIterator[bytes], head: bytes, served: Served) -> None:
        self._answer = answer
        self._rest = rest
        self.head = head
        self.served = served

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        if self.head:
            yield self.head
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


async def begin(answer: Answer) -> Begun:
    """Wait for the first piece of an answer; closes the answer when it does not come.

    Raises:
        UpstreamUnreachable, UpstreamTimeout: It broke off before that.
    """
    rest = answer.chunks()
    try:
        head = await anext(rest, b"")
    except BaseException:
        await answer.aclose()
        raise
    return Begun(answer, rest, head, served_by(answer))


class Told:
    """An answer with what is known of who gave it. Implements `core.upstream.Answer`."""

    def __init__(self, answer: Answer, served: Served) -> None:
        self._answer = answer
        self.served = served
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


def after(answer: Answer, tries: int) -> Answer:
    """The answer, with so many more calls that were made for it."""
    if not tries:
        return answer
    served = served_by(answer)
    return Told(answer, replace(served, tries=served.tries + tries))
