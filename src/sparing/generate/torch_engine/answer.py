"""An answer that the engine is writing, for whoever reads it in the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from sparing.generate.torch_engine.chat import ChatAnswer
from sparing.generate.torch_engine.job import Began, Ended, Event, Failed, Piece

JSON, EVENTS = "application/json", "text/event-stream"


class Mailbox:
    """Events of one job, from the engine's thread to the event loop that made this."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def tell(self, event: Event) -> None:
        """Called in the engine's thread; never waits."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def take(self) -> Event:
        """The next event. Raises what made the job fail."""
        event = await self._events.get()
        if isinstance(event, Failed):
            raise event.error
        return event


@dataclass(slots=True)
class ChatInProgress:
    """An answer whose prompt was read. Implements `core.upstream.Answer`.

    Attributes:
        usage: Whether the stream ends with the usage.
        cancelled: Set to stop the job.
    """

    mailbox: Mailbox
    began: Began
    chat: ChatAnswer
    stream: bool
    usage: bool
    cancelled: threading.Event
    status: int = 200

    @property
    def headers(self) -> Mapping[str, str]:
        return {
            "content-type": EVENTS if self.stream else JSON,
            "x-sparing-kv-kept": str(self.began.kept_tokens),
            "x-sparing-kv-bytes": str(self.began.kv_bytes),
        }

    async def chunks(self) -> AsyncIterator[bytes]:
        said: list[str] = []
        if self.stream:
            yield self.chat.first()
        while True:
            match await self.mailbox.take():
                case Piece(text):
                    said.append(text)
                    if self.stream:
                        yield self.chat.piece(text)
                case Ended(reason, spent):
                    if self.stream:
                        yield self.chat.last(reason, spent if self.usage else None)
                    else:
                        yield self.chat.whole("".join(said), reason, spent)
                    return

    async def aclose(self) -> None:
        self.cancelled.set()


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer that is there. Implements `core.upstream.Answer`."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": JSON})

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.body

    async def aclose(self) -> None:
        pass
