"""Compaction: old tool results become one line each, at the few points where that pays.

It breaks the provider's cached prefix, so it waits until carrying the old results has cost as much as writing
everything behind them again (`plan.economics`). It depends on nothing but the turns so far: every replica
compacts at the same points. What users, the model and the system said stays to the letter. Where the policy
lets a model write summaries, a line says what that model found in the result (`core.summaries`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.conversation.history import LINE_TOKENS, History
from sparing.conversation.outcome import Outcome, Replan
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.summaries import Summaries, Wanted
from sparing.core.verdict import Change
from sparing.handles import full_handle_of, with_handle
from sparing.reducers.masked_result import masked_result
from sparing.reducers.terms import identifiers

_TELLING_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Compaction:
    """The old results that are sent as one line from now on; none where that does not pay.

    Attributes:
        wanted: Of these, the ones whose summary was never asked for.
    """

    replanned: tuple[Replan, ...] = ()
    wanted: tuple[Wanted, ...] = ()


def compaction(history: History, ask: Ask, summaries: Summaries | None = None, *, marking: bool) -> Compaction:
    """Tell old results in a line each, if it is time for that.

    Args:
        summaries: What a model wrote about results; None where it may not.
        marking: Whether what is left out is marked with how to ask for it.
    """
    old = history.old_results()
    most = sum(history.sent[number].tokens_after - LINE_TOKENS for number in old)
    if not old or not history.is_time_to_rewrite(old[0], most):
        return Compaction()
    named = [name for name in identifiers(history.said_since(old[0])) if not _is_common(name)]
    shorter = {}
    saved = 0
    wanted = []
    for number in old:
        before, summary = history.sent[number], ""
        if summaries is not None:
            key = full_handle_of(before.span.text)
            said = summaries.get(key)
            if said is None:
                wanted.append(Wanted(key, before.span.tool, before.span.text))
            summary = said or ""
        change = _masked(before, ask, named, summary, marking=marking)
        if change.tokens_after < before.tokens_after:
            shorter[number] = change
            saved += before.tokens_after - change.tokens_after
    if not shorter or not history.is_time_to_rewrite(next(iter(shorter)), saved):
        return Compaction()
    return Compaction(tuple(Replan(number, _outcome(change)) for number, change in shorter.items()), tuple(wanted))


def _is_common(name: str) -> bool:
    """Whether it says little by itself: a small number, or the signs between two strings of a call's JSON."""
    return (len(name) < _TELLING_DIGITS and name.isdigit()) or not any(map(str.isalnum, name))


def _masked(change: Change, ask: Ask, named: Sequence[str], summary: str, *, marking: bool) -> Change:
    text = change.span.text
    used = " ".join(f'"{name}"' for name in named if name in text)
    told = replace(ask, question=Question(used) if used else None)
    rendition = masked_result(text, change.span.tool, told, summary)
    if summary and 2 * rendition.tokens > change.tokens_after:  # a summary that long is not worth what is lost
        rendition = masked_result(text, change.span.tool, told)
    made = replace(change, rendition=rendition, tokens_after=rendition.tokens)
    return with_handle(made, ask.counter) if marking else made


def _outcome(change: Change) -> Outcome:
    reason = "an old result, told in a line: carrying it had cost as much as breaking the cached prefix"
    return Outcome(change.content, change.rendition, change.tokens_before, change.tokens_after, reason)
