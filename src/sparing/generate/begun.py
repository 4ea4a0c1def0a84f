"""An answer whose first piece is here, so that nothing that fails before it reaches a caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from sparing.core.upstream import Answer, served_by
from sparing.generate.passing import Passing


class Begun(Passing):
    """An answer and its first piece; `chunks` can be taken once."""

    def __init__(self, answer: Answer, rest: AsyncIterator[bytes], head: bytes) -> None:
        super().__init__(answer)
        self._rest = rest
        self.head = head

    async def chunks(self) -> AsyncIterator[bytes]:
        if self.head:
            yield self.head
        async for chunk in self._rest:
            yield chunk


async def begin(answer: Answer) -> Answer:
    """Wait for the first piece of an answer, if that is not here already; closes the answer when it does not come.

    Raises:
        UpstreamUnreachable, UpstreamTimeout: It broke off before that.
    """
    if getattr(answer, "head", b""):
        return answer
    rest = answer.chunks()
    try:
        head = await anext(rest, b"")
    except BaseException:
        await answer.aclose()
        raise
    return Begun(answer, rest, head)


def after(answer: Answer, tries: int) -> Answer:
    """The answer, with so many more calls that were made for it."""
    if not tries:
        return answer
    served = served_by(answer)
    return Passing(answer, replace(served, tries=served.tries + tries))
