"""Until when something has to be done."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sparing.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point in time, on the monotonic clock.

    Attributes:
        on_loop: Whether an event loop waits meanwhile: what takes more than a few milliseconds raises `NeedsThread`.
    """

    at_s: float = float("inf")
    on_loop: bool = False

    @classmethod
    def after(cls, seconds: float, *, on_loop: bool = False) -> Deadline:
        return cls(time.monotonic() + seconds, on_loop)

    def left_s(self) -> float:
        return self.at_s - time.monotonic()

    def check(self) -> None:
        """Raise `DeadlineExceeded` when the time is up. Cheap enough to call every few hundred units."""
        if self.at_s != float("inf") and time.monotonic() > self.at_s:
            raise DeadlineExceeded("the time for this reduction is used up", hint="raise x-sparing-deadline-ms")
