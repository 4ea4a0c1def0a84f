"""What the owner allows and the caller wishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from sparing.errors import RequestError
from sparing.generate.cache.asked import Asked

Mode = Literal["off", "exact", "semantic"]
Wish = Literal["off", "exact", "semantic", "refresh"]
WISH_HEADER = "x-sparing-cache"
WISHES: tuple[Wish, ...] = get_args(Wish)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be kept, and for how long.

    Attributes:
        mode: The most that a caller can ask for; a caller's header can only ask for less.
        ttl_s: How long an answer is given again.
        dated_ttl_s: The same where the question depends on when it is asked; 0 keeps none.
        sampled: Also answers that are drawn at random: everyone who asks then gets the same draw.
        tool_calls: Also answers that call tools.
        max_answer_bytes: A longer answer is not kept.
    """

    mode: Mode = "exact"
    ttl_s: float = 3600.0
    dated_ttl_s: float = 60.0
    sampled: bool = False
    tool_calls: bool = False
    max_answer_bytes: int = 4_000_000

    def objection(self, asked: Asked) -> str:
        """Why no answer to this may be given again, "" if it may."""
        if asked.sampled and not self.sampled:
            return "the answer is drawn at random: temperature is not 0"
        if self.lifetime_s(asked) <= 0:
            return "the question depends on when it is asked"
        return ""

    def lifetime_s(self, asked: Asked) -> float:
        return min(self.ttl_s, self.dated_ttl_s) if asked.dated else self.ttl_s


def read_wish(headers: Mapping[str, str], mode: Mode) -> Wish:
    """What the caller asks for, within what the owner allows.

    ``x-sparing-cache: off|exact|semantic|refresh`` (refresh: ask anew, keep the new answer), and of HTTP's
    ``cache-control`` ``no-store`` (off) and ``no-cache`` (refresh).

    Raises:
        RequestError: The header says something else.
    """
    said = headers.get(WISH_HEADER, "").strip().lower()
    if said and said not in WISHES:
        raise RequestError(f"{WISH_HEADER} is {said!r}", hint=f"it has to be one of {', '.join(WISHES)}")
    directives = {part.strip().lower() for part in headers.get("cache-control", "").split(",")}
    if mode == "off" or said == "off" or "no-store" in directives:
        return "off"
    if said == "refresh" or "no-cache" in directives:
        return "refresh"
    return "exact" if said == "exact" or mode == "exact" else "semantic"
