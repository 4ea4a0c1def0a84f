"""An answer read to its end and kept, within bounds, before anyone sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from sparing.core.upstream import Answer, Served, served_by
from sparing.generate.begun import Begun

MOST_BYTES = 256 * 1024  # a longer answer is not one that a weak model is asked for
_SOONER = 1.1  # growth of what was read after which it is looked at again


class Held:
    """An answer that is here as a whole. Implements `core.upstream.Answer`."""

    def __init__(self, answer: Answer, body: bytes) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        self.served: Served = served_by(answer)
        self.body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.body

    async def aclose(self) -> None:
        """Nothing is open any more."""


async def hold(answer: Answer, wait_s: float) -> Held | None:
    """Read an answer to its end and close it; None if it is too long or takes too long.

    Raises:
        UpstreamUnreachable, UpstreamTimeout: It broke off.
    """
    held = await hold_unless(answer, wait_s, _never)
    return held if isinstance(held, Held) else None


async def hold_unless(answer: Answer, wait_s: float, let_go: Callable[[bytes], bool]) -> Held | Begun | None:
    """As `hold`, or the answer as it stands, still to be read on, as soon as `let_go` says so of what was read."""
    rest, read, looked_at = answer.chunks(), bytearray(), 0.0
    try:
        async with asyncio.timeout(wait_s):
            async for chunk in rest:
                read += chunk
                if len(read) > MOST_BYTES:
                    await answer.aclose()
                    return None
                if len(read) >= looked_at:
                    looked_at = len(read) * _SOONER
                    if let_go(bytes(read)):
                        return Begun(answer, rest, bytes(read))
    except TimeoutError:
        await answer.aclose()
        return None
    except BaseException:
        await answer.aclose()
        raise
    await answer.aclose()
    return Held(answer, bytes(read))


def _never(_read: bytes) -> bool:
    return False
