"""What a turn re-bills: tokens that the turn before sent, and that are not read from the cache because of a change."""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.counter import Counter
from sparing.evals.traffic.sent import Sent, shared_tokens


@dataclass(frozen=True, slots=True)
class Step:
    """From one turn to the next.

    Attributes:
        before_tokens: What the turn before sent.
        shared_tokens: How much of it this turn begins with, to the token.
        rebilled_tokens: What both could have shared and do not.
        changed: Label of the first chunk that changed, "" when none did.
        how: In words, what became of it.
        at: Number of chunks before it.
    """

    before_tokens: int
    shared_tokens: int
    rebilled_tokens: int
    changed: str = ""
    how: str = ""
    at: int = 0


def step(before: Sent, now: Sent, counter: Counter) -> Step:
    """Compare a turn's request with that of the turn before, as the provider caches it.

    What primes the answer stands at the end of both and is left out of the count.
    """
    pairs = list(zip(before.chunks, now.chunks, strict=False))
    same = next((at for at, (one, other) in enumerate(pairs) if one.key != other.key), len(pairs))
    shared = before.ends[same]
    if same == len(before.chunks):
        return Step(before.ends[-1], shared, 0)
    if same == len(now.chunks):
        return Step(before.ends[-1], shared, 0, before.chunks[same].label, "nothing is sent from here on", same)
    one, other = before.chunks[same], now.chunks[same]
    shared += shared_tokens(one, other, counter)
    lost = min(before.ends[-1], now.ends[-1]) - shared
    if one.head != other.head:
        how = f"was {_words(one.head)}, is {_words(other.head)}"
    else:
        how = f"was {one.tokens:,} tokens, is {other.tokens:,}"
    return Step(before.ends[-1], shared, max(0, lost), one.label, how, same)


def _words(head: tuple[str, str, str]) -> str:
    return " ".join(filter(None, head)).replace("_", " ")
