"""A ladder of JSON, told in the text notation: for readers that do not parse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.json_notation import json_as_text


@dataclass(frozen=True)
class TextLadder:
    """The rungs of `under` in text notation, and the whole document on top. See `core.ladder.Ladder`."""

    under: Ladder | None
    whole: Rendition
    tokens: Sequence[int]
    worth: Sequence[float]

    @property
    def reducer(self) -> str:
        return self.whole.reducer

    def render(self, rung: int) -> Rendition:
        if self.under is None or rung == len(self.tokens) - 1:
            return self.whole
        shorter = self.under.render(rung)
        text = json_as_text(shorter.text) if shorter.elisions else None
        return self.whole if text is None else replace(shorter, text=text, tokens=self.tokens[rung])


def in_text(ladder: Ladder | Skip, text: str, ask: Ask, reducer: str) -> Ladder | Skip:
    """The same offer in text notation, where that saves tokens and loses no pinned string.

    Args:
        ladder: Renditions of `text` in JSON; a `Skip` if there are none.
        reducer: Name of the reducer that offers them.
    """
    whole = json_as_text(text)
    if whole is None or any(pin and whole.count(pin) < text.count(pin) for pin in ask.pins):
        return ladder
    ask.deadline.check()
    tokens = ask.counter.count(whole)
    if tokens >= (ask.counter.count(text) if isinstance(ladder, Skip) else ladder.tokens[-1]):
        return ladder
    top = Rendition(whole, tokens, 1.0, "values", (), reducer)
    if isinstance(ladder, Skip):
        return TextLadder(None, top, (tokens,), (1.0,))
    share = tokens / ladder.tokens[-1]
    lower = [min(tokens, round(cost * share)) for cost in ladder.tokens[:-1]]
    return TextLadder(ladder, top, [*lower, tokens], ladder.worth)
