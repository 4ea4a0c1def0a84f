"""What stands around the conversation: the tools that a request declares, and those that we offer beside them.

It depends on the request's own tools, the policy and, for a large catalogue, the first user turn, so that it is the
same in every turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from sparing.core.counter import Counter
from sparing.core.receipt import SpanReceipt
from sparing.core.span import Patch, Prompt, Tool
from sparing.core.wire import Wire
from sparing.own_tools import can_be_answered, own_tools
from sparing.settings import PolicySettings
from sparing.tokens.overhead import overhead_tokens
from sparing.toolset.plan import ToolPlan, plan_tools

_AS_THEY_ARE = ToolPlan()


@dataclass(frozen=True, slots=True)
class Frame:
    """Changes outside of the conversation.

    Attributes:
        plan: What becomes of the request's own tools.
        recall: Tools that we offer for getting back what is left out of the conversation.
        added_tokens: What the request has more by all of it; negative where it has less.
    """

    plan: ToolPlan = _AS_THEY_ARE
    recall: tuple[Tool, ...] = ()
    patches: tuple[Patch, ...] = ()
    added_tokens: int = 0

    @property
    def receipts(self) -> tuple[SpanReceipt, ...]:
        return self.plan.receipts

    @property
    def own_tools(self) -> tuple[str, ...]:
        """Names of the tools of ours in it."""
        return (*self.plan.own_tools, *(tool.name for tool in self.recall))


def frame_of(
    prompt: Prompt, wire: Wire, policy: PolicySettings, counter: Counter, *, shorten: bool, recall: bool
) -> Frame:
    """The frame that a policy asks for.

    Args:
        shorten: Whether the request's own tools may cost less.
        recall: Whether tools may be offered for what is left out, if the policy wants them.
    """
    if not prompt.num_tools and not policy.recall:
        return Frame()
    if policy.most_tools and not can_be_answered(prompt):
        policy = replace(policy, most_tools=0)
    plan = plan_tools(prompt, wire, policy, counter) if shorten else _AS_THEY_ARE
    tools = own_tools(prompt, policy) if recall else ()
    defined = sum(counter.count(wire.define(tool)) for tool in tools)
    num_own = prompt.num_tools if plan.names is None else len(plan.names)
    wrapping = _overhead(prompt, num_own + len(tools)) - _overhead(prompt, prompt.num_tools)
    patches = (*plan.patches, *wire.add_tools(prompt, tools), *plan.behind)
    return Frame(plan, tools, patches, defined + wrapping - plan.saved_tokens)


def _overhead(prompt: Prompt, num_tools: int) -> int:
    return overhead_tokens(prompt.wire, num_messages=0, num_tools=num_tools)
