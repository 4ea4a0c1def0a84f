"""An answer read to its end and kept, within bounds, before anyone sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from sparing.core.upstream import Answer, Served, served_by

MOST_BYTES = 256 * 1024  # a longer answer is not one that a weak model is asked for


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
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(wait_s):
            async for chunk in answer.chunks():
                parts.append(chunk)
                size += len(chunk)
                if size > MOST_BYTES:
                    return None
    except TimeoutError:
        return None
    finally:
        await answer.aclose()
    return Held(answer, b"".join(parts))
