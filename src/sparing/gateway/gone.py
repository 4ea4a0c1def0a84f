"""Noticing that the caller hung up while we wait for something else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from starlette.types import Receive

from sparing.gateway.body import ClientGone

_GRACE_S = 5.0


class until_gone:  # noqa: N801 - reads as a statement: `with until_gone(receive):`
    """Run a block until it ends or the caller disconnects, whichever is first.

    The body of the request must have been read. A disconnect cancels the block, and so whatever it waits for, and
    comes out as `ClientGone`.

    Args:
        has_all: Whether the caller has all it can use: OpenAI's client hangs up at the last event without waiting for
            the end of the stream, and what is left to do is ours. It gets a few seconds.
    """

    def __init__(self, receive: Receive, has_all: Callable[[], bool] = lambda: False) -> None:
        self._receive = receive
        self._has_all = has_all
        self._gone = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "runs in a task"
        self._task = task
        self._watch = asyncio.create_task(self._wait())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.cancel()
        # Someone else may have cancelled as well (the server, going down): then that is what counts.
        if self._gone and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise ClientGone from None

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._has_all():
            await asyncio.sleep(_GRACE_S)
        self._gone = True
        self._task.cancel()
