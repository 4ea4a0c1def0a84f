"""Breakpoints for Anthropic's prompt cache, for requests whose caller set none.

The provider caches a prefix of tools, system prompt and messages up to a block that carries ``cache_control``, at most
four of them, and looks for what it cached at a breakpoint and up to 20 blocks before it (Anthropic, "Prompt caching").
An application appends to a conversation, and what became of its earlier turns stays the same bytes, so the ends of
prefixes that come again are known: the last tool, the system prompt, the newest message of the user, which the next
turn finds as the last one before the model's newest answer.

Writing costs more than plain input. It is worth it where the prefix will be sent again: tools and a system prompt by
the next request, messages by the next turn. A first message without tools may never have a next turn, so it is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sparing.core.counter import Counter
from sparing.core.span import Breakpoint, Kind, Patch, Prefix, Prompt
from sparing.receive.fields import given, string_or_empty
from sparing.receive.json_text import Members, Node
from sparing.receive.turns import Turn

_MARK = '"cache_control":{"type":"ephemeral"}'
_CARRIERS = frozenset({"text", "image", "document", "search_result", "tool_result"})  # thinking cannot carry one


def find_breakpoints(root: Members, messages: Sequence[Turn]) -> Iterator[Breakpoint]:
    """Where breakpoints may stand, in the order in which the provider reads."""
    yield from _after(Prefix.TOOLS, _last_tool(root))
    yield from _after(Prefix.SYSTEM, _last_block(given(root, "system")))
    users = [turn for turn in messages if turn.role == "user"]
    if not users:
        return
    newest = users[-1]
    earlier = next((turn for turn in reversed(users) if turn.block < newest.block), None)
    if earlier is not None:
        yield from _after(Prefix.EARLIER, _last_block(given(earlier.members, "content")))
    yield from _after(Prefix.NEWEST, _last_block(given(newest.members, "content")))


def mark_cached(
    prompt: Prompt, prompt_tokens: int, counter: Counter, min_tokens: int, others: Sequence[Patch] = ()
) -> tuple[Patch, ...]:
    """Patches that set breakpoints where they can pay; none where the caller set any.

    A string becomes an array of one block, which says the same to the provider. The patches compose with edits of the
    same strings.

    Args:
        prompt_tokens: Of the whole prompt.
        min_tokens: The provider does not cache shorter prefixes.
        others: Patches of the same request; a block that one of them replaces carries no mark.
    """
    if prompt_tokens < min_tokens or not prompt.breakpoints:
        return ()
    comes_again = any(one.prefix in (Prefix.TOOLS, Prefix.EARLIER) for one in prompt.breakpoints)
    tools = sum(counter.count(span.text) for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA)
    system = sum(counter.count(span.text) for span in prompt.spans if span.kind is Kind.SYSTEM and span.message < 0)
    pays = {
        Prefix.TOOLS: tools >= min_tokens,
        Prefix.SYSTEM: tools + system >= min_tokens,
        Prefix.EARLIER: True,
        Prefix.NEWEST: comes_again,
    }
    chosen = [one for one in prompt.breakpoints if pays[one.prefix] and not _is_replaced(*one.place, others)]
    return tuple(patch for one in chosen for patch in _patches(prompt.source, *one.place))


def _is_replaced(start: int, end: int, others: Sequence[Patch]) -> bool:
    return any(other.start < end and start < other.end for other in others)


def count_marks(patches: Sequence[Patch]) -> int:
    """How many breakpoints these patches set."""
    return sum(_MARK in patch.json for patch in patches)


def _patches(source: str, start: int, end: int) -> Iterator[Patch]:
    if source[start] == "{":
        yield Patch(start + 1, start + 1, f"{_MARK},")  # a block has at least its type, a tool its name
    else:
        yield Patch(start, start, '[{"type":"text","text":')
        yield Patch(end, end, f",{_MARK}}}]")


def _after(prefix: Prefix, node: Node | None) -> Iterator[Breakpoint]:
    if node is not None:
        yield Breakpoint(prefix, (node.start, node.end))


def _last_tool(root: Members) -> Node | None:
    """The last tool that is part of the prompt from the start; deferred ones are loaded later and cannot carry one."""
    node = given(root, "tools")
    tools = node.value if node is not None and isinstance(node.value, list) else []
    return next((tool for tool in reversed(tools) if isinstance(tool.value, dict) and _is_loaded(tool.value)), None)


def _is_loaded(tool: Members) -> bool:
    deferred = given(tool, "defer_loading")
    return bool(tool) and (deferred is None or deferred.value is False)


def _last_block(content: Node | None) -> Node | None:
    """The last block that can carry a breakpoint; the content itself where it is a string."""
    if content is None:
        return None
    if isinstance(content.value, str):
        return content if content.value.strip() else None
    blocks = content.value if isinstance(content.value, list) else []
    return next((block for block in reversed(blocks) if isinstance(block.value, dict) and _carries(block.value)), None)


def _carries(block: Members) -> bool:
    kind = string_or_empty(block, "type")
    return kind in _CARRIERS and (kind != "text" or bool(string_or_empty(block, "text").strip()))
