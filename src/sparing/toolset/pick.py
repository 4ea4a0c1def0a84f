"""Which tools of a large catalogue are sent in full: those that the conversation's first user turn is about.

Tools stand before everything else in what a provider caches, so what is sent must not change from turn to turn. The
choice depends on the catalogue and the first user turn alone. A tool that was left out, found and called comes back
behind all others, where it stays: the prefix breaks once, at the first call of such a tool, and never before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sparing.core.ladder import Skip
from sparing.core.span import Kind, Prompt, Span
from sparing.plan.zones import split_user_text
from sparing.receive.asked import asked
from sparing.reducers.json_write import read
from sparing.reducers.tool_forms import forms
from sparing.reducers.tool_rank import Ranking, rank_tools
from sparing.settings import PolicySettings
from sparing.toolset.memo import Memo
from sparing.toolset.search import FIND

_LEAST_EVIDENCE: Final = 1.2  # about one rare word in the name of one tool: with less there is nothing to choose by
_BETWEEN = re.compile(r"\s*(?:,\s*)?")


@dataclass(frozen=True, slots=True)
class Pick:
    """Positions in the catalogue.

    Attributes:
        kept: Sent in full, in the catalogue's order.
        back: Left out at first, but called since, in the order of first calls, or named by the request's choice of
            tools: sent behind all others.
        left_out: Names of all that were left out at first, in the catalogue's order.
    """

    kept: tuple[int, ...]
    back: tuple[int, ...]
    left_out: tuple[str, ...]


def pick_tools(prompt: Prompt, tools: Sequence[Span], policy: PolicySettings) -> Pick | Skip:
    """Choose the tools to send in full, or say why all of them are sent.

    Args:
        tools: Spans of the definitions, in order.
    """
    if not policy.most_tools or len(tools) <= policy.most_tools:
        return Skip("not more tools than may be sent")
    names = [tool.tool for tool in tools]
    if "" in names or len(set(names)) < len(names) or FIND in names:
        return Skip("tools cannot be told apart by name")
    if not _is_plain_list(prompt, tools):
        return Skip("tools are not a plain list")
    told = asked(prompt, _Asked)
    if told is None or told.previous_response_id:
        return Skip("the first user turn, and what was called since, is with the provider")
    texts, question = [tool.text for tool in tools], _first_words(prompt)
    facts = _known.get((*texts, question), lambda: _facts(texts, question))
    if facts.ranking.evidence < _LEAST_EVIDENCE:
        return Skip("the first user turn does not tell which tools are needed")
    kept = {i for i, name in enumerate(names) if i in facts.bound or name in policy.exempt_tools}
    for i in facts.ranking.order:
        if len(kept) >= policy.most_tools:
            break
        kept.add(i)
    left_out = {name: i for i, name in enumerate(names) if i not in kept}
    if not left_out:
        return Skip("every tool has to stay")
    wanted = [*(span.tool for span in prompt.spans if span.kind is Kind.TOOL_CALL), *_named_by_choice(told)]
    back = dict.fromkeys(left_out[name] for name in wanted if name in left_out)
    return Pick(tuple(sorted(kept)), tuple(back), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What follows from a catalogue and a question: the ranking, and the tools that have to stay whatever it is."""

    ranking: Ranking
    bound: frozenset[int]


_known: Memo[_Facts] = Memo(200_000, lambda facts: len(facts.ranking.order))


def _facts(definitions: Sequence[str], question: str) -> _Facts:
    bound = frozenset(i for i, definition in enumerate(definitions) if _is_bound(definition))
    return _Facts(rank_tools(definitions, question), bound)


def _first_words(prompt: Prompt) -> str:
    """What the first user turn says; its pasted material only where it says nothing else."""
    users = [span for span in prompt.spans if span.kind is Kind.USER]
    if not users:
        return ""
    first = [span for span in users if span.message == users[0].message]
    said = [words.text for span in first for words in split_user_text(span)[0]]
    return "\n".join(said or [span.text for span in first])


def _is_bound(text: str) -> bool:
    """Whether a tool carries a cache mark, or is the provider's own, so that nothing tells what it is about."""
    try:
        definition = read(text)
    except (ValueError, RecursionError):
        return True
    return "cache_control" in definition or not forms(definition)


class _Asked(msgspec.Struct):
    previous_response_id: Any = None
    tool_choice: Any = None
    toolConfig: Any = None  # noqa: N815 - Gemini's name
    tool_config: Any = None


def _named_by_choice(told: _Asked) -> tuple[str, ...]:
    """What the request says about which tool to call: the tools named there have to be there."""
    return tuple(_strings([told.tool_choice, told.toolConfig, told.tool_config]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _is_plain_list(prompt: Prompt, tools: Sequence[Span]) -> bool:
    """Whether the definitions are the elements of the request's array of tools, and nothing else is in it."""
    if prompt.tools_place is None:
        return False
    start, end = prompt.tools_place
    edges = [start + 1, *(edge for tool in tools for edge in tool.place), end - 1]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return all(a <= b and _BETWEEN.fullmatch(prompt.source, a, b) is not None for a, b in gaps)
