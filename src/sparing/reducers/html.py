"""HTML: first the text that a reader sees, then the blocks of it that matter.

The last rung is lossless for what is visible: headings, paragraphs, list items, table rows as ``a | b``, code, texts of
links and images. Markup, scripts, styles, comments and link targets go. Below it, blocks stay by what they have to do
with the question; what is mostly links, navigation or a footer goes first (link density: Kohlschütter, Fankhauser,
Nejdl, *Boilerplate Detection using Shallow Text Features*, WSDM 2010, section 4; we weigh by it instead of cutting).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.html_text import Block, visible_blocks
from sparing.reducers.json_worth import asked, mix
from sparing.reducers.units import Units, line_gap, unit_ladder

_BEARING = 0.25  # share of the worth that goes by the look of a block rather than by the question
_ASIDE = 0.1
_HEADING = 1.5
_FULL_BLOCK = 120  # characters from which on a block counts as running text
_SECTION = 0.3  # of a block's match that its heading gets


class Html:
    """Offers the visible blocks of a page. Implements `core.reducer.Reducer`."""

    name = "html.v1"
    content = frozenset({str(Content.HTML)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A rung per block; the last is all visible text."""
        ask.deadline.check()
        blocks = visible_blocks(text, ask.deadline.check)
        if not blocks:
            return Skip("no visible text")
        shown = "".join(block.text for block in blocks)
        if any(pin and shown.count(pin) < text.count(pin) for pin in ask.pins):
            return Skip("a pinned string is in the markup")
        bounds = list(accumulate((len(block.text) for block in blocks), initial=0))
        must = frozenset(i for i, block in enumerate(blocks) if any(pin and pin in block.text for pin in ask.pins))
        worth = _worths(shown, bounds, blocks, ask)
        ask.deadline.check()
        where = [*(block.start for block in blocks), len(text)]
        gap = line_gap("blocks")
        ladder = unit_ladder(
            Units(shown, bounds, worth, "blocks", gap, self.name, must=must, source_bounds=where), ask.counter
        )
        if ladder.tokens[-1] >= ask.counter.count(text):
            return Skip("no markup to leave out")
        return ladder


def _worths(shown: str, bounds: Sequence[int], blocks: Sequence[Block], ask: Ask) -> list[float]:
    parts = [(_BEARING, [_bearing(block) for block in blocks])]
    if ask.question:
        for weight, values in asked(shown, bounds, ask.question):
            parts.append((weight, _with_headings(values, blocks)))
    return mix(parts, len(blocks))


def _bearing(block: Block) -> float:
    """How much a block looks like what the page is about."""
    size = min(1.0, len(block.text) / _FULL_BLOCK)
    return (_HEADING if block.heading else size) * (1 - 0.9 * block.linked) * (_ASIDE if block.aside else 1.0)


def _with_headings(values: list[float], blocks: Sequence[Block]) -> list[float]:
    """A heading is worth a part of the best block below it."""
    best, lifted = 0.0, list(values)
    for i in range(len(blocks) - 1, -1, -1):
        if blocks[i].heading:
            lifted[i] += _SECTION * best
            best = 0.0
        else:
            best = max(best, values[i])
    return lifted
