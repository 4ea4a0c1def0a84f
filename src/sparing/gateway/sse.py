"""Server-sent events, cut where events end."""

from __future__ import annotations

import re

import msgspec

from sparing.errors import UpstreamUnreachable

_HOLD_BYTES = 1 << 20  # an event longer than this is passed on in parts
_BLANK_LINES = (b"\n\n", b"\n\r\n", b"\r\r")
_LAST = re.compile(
    rb"^(?:data: ?\[DONE\]|event: ?(?:message_stop|response\.(?:completed|incomplete|failed)))", re.MULTILINE
)


class EventCutter:
    """Passes on whole events, as soon as they are whole.

    No client can use half an event, but half an event can spoil the error that has to follow it when the upstream
    breaks; so the half waits here for the rest. A comment line (a provider's keep-alive) does not wait.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """What can go out now; b"" when `chunk` completes no event."""
        held = self._held
        if not held and chunk.endswith(_BLANK_LINES):
            return chunk
        searched = max(0, len(held) - 2)  # a blank line may straddle two chunks
        held += chunk
        end = max((at + len(mark) for mark in _BLANK_LINES if (at := held.rfind(mark, searched)) >= 0), default=0)
        if len(held) - end > _HOLD_BYTES or _is_comment(held, end):
            end = len(held)
        whole = bytes(held[:end])
        del held[:end]
        return whole

    def rest(self) -> bytes:
        """What is left at the end of the answer."""
        rest = bytes(self._held)
        self._held.clear()
        return rest


def is_last(piece: bytes) -> bool:
    """Whether these events end with the one after which a stream says nothing more; Gemini's has none."""
    return _LAST.search(piece) is not None


def whole(rest: bytes, provider: str) -> bytes:
    """What is left at the end of an answer, if that may be an event: the last blank line is left out by some.

    Raises:
        UpstreamUnreachable: It is the beginning of one. Half an event tells a caller nothing, and no end would be told.
    """
    name, _, value = rest.rstrip(b"\r\n").rpartition(b"\n")[2].rpartition(b"\r")[2].partition(b":")
    if name == b"data" and value.lstrip().startswith(b"{"):
        try:
            msgspec.json.decode(value, type=msgspec.Raw)
        except msgspec.DecodeError:
            message = "the upstream ended its answer within an event"
            raise UpstreamUnreachable(message, provider=provider, hint="ask again") from None
    return rest


def _is_comment(held: bytearray, start: int) -> bool:
    """Whether nothing but one whole comment line follows `start`."""
    return held[start : start + 1] == b":" and held.find(b"\n", start) == len(held) - 1
