"""Plan the tools of a request: every definition shortened, and of a large catalogue only the needed ones sent in full.

What is planned depends on the definitions, the policy and, for a large catalogue, the first user turn; it is
remembered by content, since the same tools come with every turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.receipt import SpanReceipt
from sparing.core.span import Kind, Patch, Prompt, Span
from sparing.core.wire import Wire
from sparing.reducers.tool_schemas import NAME
from sparing.settings import PolicySettings
from sparing.toolset.memo import shortened
from sparing.toolset.pick import Pick, pick_tools
from sparing.toolset.search import FIND, search_tool

_PICK = "tool_pick.v1"


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """What happens to the tools of a request.

    Attributes:
        patches: For `Wire.apply`; empty when the tools stay as they are.
        behind: Patches for what stands behind all other tools, ours too: what was left out at first and called since.
        saved_tokens: Of the definitions, what Sparing's own tools cost taken off.
        receipts: One per definition that is shortened, left out or added.
        names: Of the tools that are sent, in order; None when they stay as they are.
        left_out: Definitions (JSON) of the tools that the search finds, as they are sent once they are called.
    """

    patches: tuple[Patch, ...] = ()
    behind: tuple[Patch, ...] = ()
    saved_tokens: int = 0
    receipts: tuple[SpanReceipt, ...] = ()
    names: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def own_tools(self) -> tuple[str, ...]:
        """Names of the tools of ours among them."""
        return (FIND,) if FIND in (self.names or ()) else ()


def plan_tools(prompt: Prompt, wire: Wire, policy: PolicySettings, counter: Counter) -> ToolPlan:
    """The patches that make the tools cost less, and their account. Pure but for what it remembers."""
    tools = [span for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA]
    if sum(counter.count(tool.text) for tool in tools) < policy.min_tokens or policy.effort == "off":
        return ToolPlan()
    shorter = [_Shorter.of(tool, policy, counter) for tool in tools]
    pick = pick_tools(prompt, tools, policy)
    if isinstance(pick, Pick):
        plan = _picked(prompt, wire, shorter, pick, counter)
        if plan is not None:
            return plan
    changed = [one for one in shorter if one.saved_tokens]
    return ToolPlan(
        tuple(Patch(*one.tool.place, one.text) for one in changed),
        saved_tokens=sum(one.saved_tokens for one in changed),
        receipts=tuple(one.receipt() for one in changed),
        names=tuple(tool.tool for tool in tools) if changed else None,
    )


def _picked(prompt: Prompt, wire: Wire, shorter: Sequence[_Shorter], pick: Pick, counter: Counter) -> ToolPlan | None:
    """The plan for a catalogue that is cut; None where the search costs more than it spares.

    What came back is left out of that comparison, so that it has one outcome throughout a conversation.
    """
    kept, back = [shorter[i] for i in pick.kept], [shorter[i] for i in pick.back]
    added = wire.add_tools(prompt, (search_tool(pick.left_out),))
    cost = sum(counter.count(patch.json) for patch in added)
    if cost >= sum(one.tokens for one in shorter) - sum(one.tokens for one in kept):
        return None
    gone = [one for i, one in enumerate(shorter) if i not in {*pick.kept, *pick.back}]
    sent_tokens = sum(one.tokens for one in (*kept, *back)) + cost
    return ToolPlan(
        (*_closed_up(prompt, kept), *added),
        tuple(Patch(added[0].start, added[0].start, f",{one.text}") for one in back),
        sum(one.tokens_before for one in shorter) - sent_tokens,
        (
            *(one.receipt() for one in (*kept, *back) if one.saved_tokens),
            *(one.receipt_left_out() for one in gone),
            _receipt_added(prompt, added, cost),
        ),
        (*(one.tool.tool for one in kept), FIND, *(one.tool.tool for one in back)),
        tuple(one.text for one in gone),
    )


def _closed_up(prompt: Prompt, kept: Sequence[_Shorter]) -> Iterator[Patch]:
    """Patches that leave nothing but these definitions in the array of tools."""
    assert prompt.tools_place is not None  # `pick_tools` has seen to it
    start, end = prompt.tools_place
    yield Patch(start + 1, kept[0].tool.place[0], "")
    for one in kept:
        yield Patch(*one.tool.place, one.text)
    for one, following in pairwise(kept):
        yield Patch(one.tool.place[1], following.tool.place[0], ",")
    yield Patch(kept[-1].tool.place[1], end - 1, "")


@dataclass(frozen=True, slots=True)
class _Shorter:
    """A definition and the text it is sent as; its own text where nothing is won."""

    tool: Span
    text: str
    tokens_before: int
    tokens: int

    @classmethod
    def of(cls, tool: Span, policy: PolicySettings, counter: Counter) -> _Shorter:
        before = counter.count(tool.text)
        text = tool.text if tool.tool in policy.exempt_tools else shortened(tool.text, policy.effort, policy.pins)
        tokens = counter.count(text)
        return cls(tool, text, before, tokens) if tokens < before else cls(tool, tool.text, before, before)

    @property
    def saved_tokens(self) -> int:
        return self.tokens_before - self.tokens

    def receipt(self) -> SpanReceipt:
        return self._receipt(NAME, self.tokens, len(self.tool.text) - len(self.text), "characters", "")

    def receipt_left_out(self) -> SpanReceipt:
        return self._receipt(_PICK, 0, 1, "tools", f"not needed for the first user turn; {FIND} finds it")

    def _receipt(self, reducer: str, after: int, elided: int, unit: str, why: str) -> SpanReceipt:
        digest = sha256(self.tool.text.encode("utf-8", "surrogatepass")).hexdigest()
        label, before = self.tool.label, self.tokens_before
        return SpanReceipt(label, Kind.TOOL_SCHEMA, Content.JSON, reducer, before, after, elided, unit, why, digest)


def _receipt_added(prompt: Prompt, added: Sequence[Patch], cost: int) -> SpanReceipt:
    digest = sha256("".join(patch.json for patch in added).encode("utf-8", "surrogatepass")).hexdigest()
    why = f"{FIND}, offered for the tools that were left out"
    return SpanReceipt("tools", Kind.TOOL_SCHEMA, Content.JSON, _PICK, 0, cost, 0, "tools", why, digest)
