"""Is the prefix stable? Every turn of a conversation beside the turn before it, as the provider caches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sparing import registry
from sparing.evals.stats import Estimate, estimate
from sparing.evals.task import Tally
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.rebilled import Step, step
from sparing.evals.traffic.sender import Posted, Sender
from sparing.evals.traffic.sent import Sent, sent
from sparing.tokens.models import counter_for


@dataclass(frozen=True, slots=True)
class Break:
    """A turn that re-bills tokens.

    Attributes:
        turn: Its number in the conversation, from 1.
        rebilled_tokens: Sent by the turn before, and not read from the cache again.
        label: The first thing that changed.
        by_caller: The log itself changed there or before: no reduction had a part in it.
        why: In words.
    """

    turn: int
    rebilled_tokens: int
    label: str
    by_caller: bool
    why: str


@dataclass(frozen=True, slots=True)
class PrefixTest:
    """One conversation, sent one way.

    Attributes:
        before_tokens: Tokens that each turn but the last sent, summed: what could be re-billed.
        log_tokens, sent_tokens: Of all requests as they are in the log, and as they were sent.
    """

    conversation: str
    turns: int
    before_tokens: int
    log_tokens: int
    sent_tokens: int
    breaks: tuple[Break, ...]

    @property
    def rebilled_tokens(self) -> int:
        """What the sender re-billed; what the caller changed is not counted."""
        return sum(one.rebilled_tokens for one in self.breaks if not one.by_caller)

    @property
    def by_caller_tokens(self) -> int:
        return sum(one.rebilled_tokens for one in self.breaks if one.by_caller)


def prefix_test(conversation: Conversation, sender: Sender, *, blame_caller: bool = True) -> PrefixTest:
    """Send the turns of a conversation and compare each with the one before.

    Args:
        blame_caller: Tell what the caller changed from what the sender did; False counts every change.
    """
    wire = registry.load("wires", conversation.wire)
    counter = counter_for(wire.parse(conversation.turns[0].body).model)
    sender.begin()
    posted = [sender.send(conversation.wire, turn.body) for turn in conversation.turns]
    log = [sent(wire.parse(turn.body), counter) for turn in conversation.turns]
    went = [sent(wire.parse(one.body), counter) for one in posted]
    breaks = []
    for at in range(1, len(went)):
        taken = step(went[at - 1], went[at], counter)
        if taken.rebilled_tokens:
            own = step(log[at - 1], log[at], counter)
            by_caller = blame_caller and own.rebilled_tokens > 0 and own.at <= taken.at
            breaks.append(_break(at + 1, taken, by_caller, posted[at - 1], posted[at]))
    before = sum(one.ends[-1] for one in went[:-1])
    return PrefixTest(conversation.id, len(went), before, _tokens(log), _tokens(went), tuple(breaks))


def rebilled_share(tests: Sequence[PrefixTest], seed: int = 0) -> Estimate:
    """Re-billed tokens over those that could be, pooled, with an interval by bootstrap over conversations."""
    return estimate([Tally(one.rebilled_tokens, one.before_tokens) for one in tests], seed)


def prefix_tests(
    conversations: Sequence[Conversation],
    sender: Sender,
    step: Callable[[], None] = lambda: None,
    *,
    blame_caller: bool = True,
) -> Iterator[PrefixTest]:
    """All conversations; the sender is closed at the end."""
    try:
        for conversation in conversations:
            yield prefix_test(conversation, sender, blame_caller=blame_caller)
            step()
    finally:
        sender.close()


def _break(turn: int, taken: Step, by_caller: bool, before: Posted, now: Posted) -> Break:
    reducers = [_reducer_of(taken.changed, posted) for posted in (before, now)]
    if by_caller:
        why = f"{taken.how}; the caller changed it"
    elif any(reducers):
        why = f"{taken.how}; {reducers[0] or 'sent as it is'} before, {reducers[1] or 'sent as it is'} now"
    else:
        why = taken.how
    return Break(turn, taken.rebilled_tokens, taken.changed, by_caller, why)


def _reducer_of(label: str, posted: Posted) -> str:
    return next((name for span, name in posted.reducers.items() if span == label or span.startswith(f"{label}[")), "")


def _tokens(requests: Sequence[Sent]) -> int:
    return sum(one.tokens for one in requests)
