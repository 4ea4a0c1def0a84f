"""Replayed conversations -> numbers: what was saved, how sure that is, what was lost, where it went worst."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparing.core.usage import Usage
from sparing.evals.stats import Estimate, estimate
from sparing.evals.task import Tally
from sparing.evals.traffic.replay import Bill, Replayed

_PER = 1_000  # turns


@dataclass(frozen=True, slots=True)
class Saving:
    """All conversations together; intervals by bootstrap over conversations.

    Attributes:
        log_usd, sent_usd: Per 1,000 turns, answers included; 0 without prices.
        saved_usd: Per 1,000 turns.
        saved_share: Of the whole bill. `saved_input_share`: of the bill for prompts.
        saved_tokens_share: Of the prompts' tokens.
        log_usage, sent_usage: Summed over all turns.
        values, words: See `held`.
        dearer: Conversations that cost more than without.
        worst: The conversation with the smallest saving: its share of the bill, or of the tokens without prices.
    """

    conversations: int
    turns: int
    log_usd: float
    sent_usd: float
    saved_usd: Estimate
    saved_share: Estimate
    saved_input_share: Estimate
    saved_tokens_share: Estimate
    log_usage: Usage
    sent_usage: Usage
    values: Estimate
    words: Estimate
    dearer: int
    worst: tuple[str, float]


def saving(replayed: Sequence[Replayed], seed: int = 0) -> Saving:
    """Summarise; at least one conversation."""
    priced = any(one.log_usd for one in replayed)
    turns = sum(len(one.turns) for one in replayed)
    shares = [_share(one, priced=priced) for one in replayed]
    lowest = min(range(len(replayed)), key=shares.__getitem__)
    per_turn = estimate([Tally(one.log_usd - one.sent_usd, len(one.turns)) for one in replayed], seed)
    return Saving(
        conversations=len(replayed),
        turns=turns,
        log_usd=_PER * sum(one.log_usd for one in replayed) / turns,
        sent_usd=_PER * sum(one.sent_usd for one in replayed) / turns,
        saved_usd=_times(per_turn, _PER),
        saved_share=_saved(replayed, lambda bill: bill.usd, seed),
        saved_input_share=_saved(replayed, lambda bill: bill.input_usd, seed),
        saved_tokens_share=_saved(replayed, lambda bill: bill.usage.input_tokens, seed),
        log_usage=_total([turn.log.usage for one in replayed for turn in one.turns]),
        sent_usage=_total([turn.sent.usage for one in replayed for turn in one.turns]),
        values=estimate([one.values for one in replayed], seed),
        words=estimate([one.words for one in replayed], seed),
        dearer=sum(one.sent_usd > one.log_usd for one in replayed),
        worst=(replayed[lowest].conversation, shares[lowest]),
    )


def lost(replayed: Sequence[Replayed]) -> list[tuple[str, int, str]]:
    """Conversation, turn (from 1) and text of everything that an answer used and could no longer read."""
    return [
        (one.conversation, number, text)
        for one in replayed
        for number, turn in enumerate(one.turns, 1)
        for text in turn.held.lost
    ]


def _saved(replayed: Sequence[Replayed], amount: Callable[[Bill], float], seed: int) -> Estimate:
    tallies = []
    for one in replayed:
        before = sum(amount(turn.log) for turn in one.turns)
        tallies.append(Tally(before - sum(amount(turn.sent) for turn in one.turns), before))
    if not any(tally.of for tally in tallies):
        return Estimate(0.0, 0.0, 0.0, 0.0)
    return estimate(tallies, seed)


def _share(one: Replayed, *, priced: bool) -> float:
    before, after = (one.log_usd, one.sent_usd) if priced else (one.log_tokens, one.sent_tokens)
    return 1 - after / before if before else 0.0


def _times(e: Estimate, factor: float) -> Estimate:
    return Estimate(e.mean * factor, e.low * factor, e.high * factor, e.worst * factor)


def _total(usages: Sequence[Usage]) -> Usage:
    writes: dict[int, int] = {}
    for usage in usages:
        for lifetime_s, tokens in usage.cache_writes:
            writes[lifetime_s] = writes.get(lifetime_s, 0) + tokens
    return Usage(
        sum(usage.input_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        sum(max(0, usage.cache_read_tokens) for usage in usages),
        tuple(sorted(writes.items())),
    )
