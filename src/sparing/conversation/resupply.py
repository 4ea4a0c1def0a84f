"""What an earlier turn left out and a new question needs is supplied beside that question.

The client sends its whole history each time, so nothing has to be stored: what was left out is still there. The earlier
turn stays as it was sent, and with it the prefix that the provider cached. Only where supplying would cost more than
sending the earlier text whole from now on, cache and all, is the earlier text sent whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sparing.conversation.hidden import Range, not_in, ranges_of
from sparing.conversation.refer import is_verbatim
from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change
from sparing.guard.orders import without_orders
from sparing.offer import propose

_ENOUGH = 0.95  # chance that a rung holds what the question needs, as the reducers estimate it
_SHARE = 0.12  # of the earlier text's tokens may be supplied, within these bounds
_FEWEST_TOKENS, MOST_TOKENS = 160, 1500
_MOST_SOURCES = 3  # earlier texts that one question is supplied from
_TRIES = 6
_GAP = "[…]"


@dataclass(frozen=True, slots=True)
class Supply:
    """Stretches of an earlier text, to be put before the words of the user.

    Attributes:
        number: Of the earlier text, in the order of the request.
        text: As it is put there, marks included; ends with a blank line.
        ranges: Which characters of the earlier text it shows.
    """

    number: int
    text: str
    tokens: int
    ranges: tuple[Range, ...]


class Earlier(Protocol):
    """What `needed_of` has to know of the turns so far; see `history.History`."""

    @property
    def sent(self) -> Sequence[Change]: ...

    @property
    def saved_tokens(self) -> int: ...

    def hidden(self, number: int) -> Sequence[Range]: ...

    def left_out(self, question: str, most: int) -> Sequence[int]: ...

    def had_better_be_whole(self, number: int, supplied_tokens: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Needed:
    """What a question needs of earlier texts.

    Attributes:
        supplied: The most relevant text first.
        whole: Numbers of texts that are to be sent whole from now on.
    """

    supplied: tuple[Supply, ...] = ()
    whole: tuple[int, ...] = ()


def needed_of(earlier: Earlier, ask: Ask, most_tokens: int = MOST_TOKENS) -> Needed:
    """What the question of `ask` needs of what earlier turns left out.

    Never more is supplied than was saved so far, so that no request grows: what needs more is sent whole.

    Args:
        most_tokens: Room there is.
    """
    if ask.question is None:
        return Needed()
    room, saved = min(most_tokens, MOST_TOKENS), earlier.saved_tokens
    supplied: list[Supply] = []
    whole: list[int] = []
    for number in earlier.left_out(ask.question.text, _MOST_SOURCES):
        one = _from(number, earlier.sent[number], earlier.hidden(number), ask, min(room, saved)) if saved > 0 else None
        if one is None:
            continue
        if earlier.had_better_be_whole(number, one.tokens):
            whole.append(number)
        else:
            supplied.append(one)
            room -= one.tokens
            saved -= one.tokens
    return Needed(tuple(supplied), tuple(whole))


def _from(number: int, change: Change, hidden: Sequence[Range], ask: Ask, room_tokens: int) -> Supply | None:
    """What is needed of one earlier text and has not been sent yet."""
    allowed = min(room_tokens, max(_FEWEST_TOKENS, round(_SHARE * change.tokens_before)))
    ladder = propose(change.span.text, Content(change.content), replace(ask, name=change.span.tool))
    if isinstance(ladder, Skip) or allowed <= 0:
        return None
    rung = _first_enough(ladder)
    for _ in range(_TRIES):
        found = _supply(number, change, hidden, ladder.render(rung), ask.counter)
        if found is None or found.tokens <= allowed:
            return found
        if rung == 0:
            return None
        rung = min(rung - 1, rung * allowed // found.tokens)
    return None


def _first_enough(ladder: Ladder) -> int:
    """The lowest rung that is worth enough."""
    worth = ladder.worth
    low, high = 0, len(worth) - 1
    while low < high:
        middle = (low + high) // 2
        if worth[middle] >= _ENOUGH:
            high = middle
        else:
            low = middle + 1
    return low


def _supply(number: int, change: Change, hidden: Sequence[Range], needed: Rendition, counter: Counter) -> Supply | None:
    source = change.span.text
    new = [(a, b) for a, b in not_in(hidden, ranges_of(needed.elisions)) if source[a:b].strip()]
    if not new:
        return None
    foreign = change.span.kind is Kind.TOOL_RESULT  # written by nobody who may give orders
    if is_verbatim(source, needed):
        new = without_orders(source, new) if foreign else new
        shown = _excerpt(source, new) if new else ""
    else:  # a form that is no excerpt (rows as columns, a page as text) is supplied as it is
        kept = without_orders(needed.text, [(0, len(needed.text))]) if foreign else [(0, len(needed.text))]
        shown = _excerpt(needed.text, kept) if kept else ""
    if not shown.strip():
        return None
    text = f"[From {_where(change.span)} above:\n{shown.strip()}]\n\n"
    return Supply(number, text, counter.count(text), tuple(new))


def _where(span: Span) -> str:
    """The label without the stretch: a reader finds the text, and counts no characters."""
    return span.label.removesuffix(f"[{span.within[0]}:{span.within[1]}]") if span.within else span.label


def _excerpt(source: str, ranges: Sequence[Range]) -> str:
    pieces: list[str] = []
    end = ranges[0][0]
    for start, stop in ranges:
        piece = source[start:stop]
        if start > end:
            pieces[-1] = pieces[-1].rstrip()
            pieces.append(f"\n{_GAP}\n" if source[end - 1] == "\n" else f" {_GAP} ")
            piece = piece.lstrip("\n")
        pieces.append(piece)
        end = stop
    return "".join(pieces)
