"""What stands around the conversation: the tools that a request declares, and those that we offer beside them.

It depends on the request's own tools and the policy, never on the conversation, so that it is the same in every turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.counter import Counter
from sparing.core.span import Patch, Prompt, Tool
from sparing.core.wire import Wire
from sparing.handles import own_tools
from sparing.settings import PolicySettings
from sparing.tokens.overhead import overhead_tokens


@dataclass(frozen=True, slots=True)
class Frame:
    """Changes outside of the conversation.

    Attributes:
        tools: That we offer.
        added_tokens: What the request has more by it.
    """

    tools: tuple[Tool, ...] = ()
    patches: tuple[Patch, ...] = ()
    added_tokens: int = 0


def frame_of(prompt: Prompt, wire: Wire, policy: PolicySettings, counter: Counter) -> Frame:
    """The frame that a policy asks for."""
    tools = own_tools(prompt, policy)
    if not tools:
        return Frame()
    added = sum(counter.count(wire.define(tool)) for tool in tools) + _overhead(prompt, len(tools)) - _overhead(prompt)
    return Frame(tools, wire.add_tools(prompt, tools), added)


def _overhead(prompt: Prompt, num_more: int = 0) -> int:
    return overhead_tokens(prompt.wire, num_messages=0, num_tools=prompt.num_tools + num_more)
