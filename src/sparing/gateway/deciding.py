"""One decision per request, from what this gateway has seen so far: `plan.decide` with live models.

Only for requests under a policy that has a goal (a time, money, a loss), where tiers are configured. What was decided
is a header of the answer and a field of the receipt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, get_args

from sparing.core.budget import Mode
from sparing.core.upstream import Thought
from sparing.gateway.clients import seller
from sparing.gateway.controls import Controls
from sparing.gateway.depths import Depths, Wanted
from sparing.gateway.exchange import Exchange
from sparing.gateway.set_thought import BRIEF
from sparing.plan.answers import Depth, Remembered
from sparing.plan.anticipate.nature import Nature
from sparing.plan.decide import Decision, Goals, Sending, Tier, decide
from sparing.plan.forecast.answer_length import AnswerLengths
from sparing.plan.forecast.latency import Latency, Observation
from sparing.prices.lookup import prices_for
from sparing.settings import Settings
from sparing.settings.policies import NamedPolicy
from sparing.settings.policy import Effort
from sparing.settings.providers import shape_of
from sparing.settings.tiers import url_of, wires_of
from sparing.settings.tree import TierSettings

_EFFORTS: Final[tuple[Effort, ...]] = get_args(Effort)
# Until requests have shown what an effort keeps and loses of a prompt.
_KEPT: Final[Mapping[Effort, float]] = {"off": 1.0, "safe": 0.95, "balanced": 0.7, "max": 0.5}
_LOST: Final[Mapping[Effort, float]] = {"off": 0.0, "safe": 0.0, "balanced": 0.01, "max": 0.03}
_LEARNED = 0.05  # weight of the newest request
_MOST_KINDS = 4_096


@dataclass(slots=True)
class _Known:
    """One tier, as it is known so far.

    Attributes:
        in_flight: Requests by their rank.
    """

    settings: TierSettings
    latency: Latency = field(init=False)
    in_flight: Counter[int] = field(default_factory=Counter)
    _paid: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.latency = Latency(self.settings.at_once or None)

    def num_before(self, rank: int) -> int:
        """Requests in flight that one of this rank does not pass in the tier's line."""
        total, at_once = sum(self.in_flight.values()), self.settings.at_once
        if not at_once:
            return total
        return max(min(total, at_once), sum(num for other, num in self.in_flight.items() if other <= rank))

    def seller(self, wire: str) -> str:
        """Who is paid for requests in this wire format."""
        if wire not in self._paid:
            shape = shape_of(wire)
            self._paid[wire] = seller(shape, url_of(self.settings, shape))
        return self._paid[wire]


@dataclass(slots=True)
class _Shares:
    """Of one policy and effort: what is kept of a prompt, what is lost of what was needed, what the cache knows."""

    kept: float
    lost: float
    cached: float = 0.0


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and what it was about; give it back with `Decider.over`.

    Attributes:
        num_before: Requests that were before it at the tier that was chosen.
        nature: What the request was taken for.
        kind: Policy and intent: what lengths of answers are known by.
        thought: How much whoever answers is to think; None as the request says.
        model: That was to answer, as far as it was known.
    """

    decision: Decision
    nature: Nature
    effort: Effort
    is_first_turn: bool
    rank: int
    num_before: int
    kind: tuple[str, str]
    wanted: Wanted
    thought: Thought | None = None
    model: str = ""

    @property
    def told(self) -> str:
        """In words, for people and receipts."""
        one = self.decision
        parts = [f"tier {one.tier}", f"effort {self.effort}"]
        parts += [f"depth {one.depth}"] if one.depth else []
        parts += [f"{self.nature.intent} of complexity {self.nature.complexity:.2f}"] if self.nature.chance else []
        parts += [f"answer of at most {one.ceiling:,} tokens"] if one.ceiling else []
        parts += [f"expected {one.usd:.6f} USD, in time {one.in_time:.0%}, loss {one.loss:.2%}"]
        parts += [f"gave way: {', '.join(one.gave_way)}"] if one.gave_way else []
        return "; ".join(parts)


def _at_once(work: Callable[[], None]) -> None:
    work()


class Decider:
    """What one gateway knows of its tiers and its traffic. Used on the event loop only.

    Args:
        later: Does what is learned from an answer when no request waits for it (`later.Later`).
    """

    def __init__(
        self,
        settings: Settings,
        embedded_wires: Sequence[str],
        later: Callable[[Callable[[], None]], None] = _at_once,
    ) -> None:
        self._later = later
        self._tiers = {tier.name: _Known(tier) for tier in settings.tiers}
        self._spoken = wires_of(settings.tiers, embedded_wires)
        self._lengths = AnswerLengths()
        self._depths = Depths()
        self._answers = Remembered()
        self._shares: dict[tuple[str, Effort, bool], _Shares] = {}

    def is_tier(self, name: str) -> bool:
        return name in self._tiers

    def decide(
        self,
        name: str,
        policy: NamedPolicy,
        controls: Controls,
        *,
        wire: str,
        tokens: int,
        model: str,
        nature: Nature,
        wanted: Wanted,
        answer_tokens: int | None,
        effort_is_open: bool,
        tiers: Sequence[str],
    ) -> Decided | None:
        """What to do with a request; None where its policy has no goal, or no tier may answer it.

        Args:
            name: Of the policy.
            tokens: Of the prompt, estimated.
            model: That the request names.
            nature: What it is taken for.
            wanted: `is_first` says that nothing of the conversation is likely in a provider's cache, so that another
                effort breaks nothing.
            answer_tokens: Most tokens of the answer as the request and its policy say; None if neither does.
            effort_is_open: Whether the caller left the effort to us.
            tiers: Those that may answer; empty: all.
        """
        known = [
            one for tier, one in self._tiers.items() if wire in self._spoken[tier] and (not tiers or tier in tiers)
        ]
        if not known or not has_goal(policy):
            return None
        is_first_turn, kind = wanted.is_first, (name, nature.intent)
        efforts = _efforts(controls) if is_first_turn and effort_is_open else (controls.policy.effort,)
        sendings = [self._sending(name, effort, tokens, is_first_turn) for effort in efforts]
        candidates = [
            self._tier(one, wire, policy.rank, controls, sendings, self._of_tier(one, wire, model, policy, wanted))
            for one in known
        ]
        best = min(candidates, key=lambda one: one.loss)
        kept_as_set = (1 - best.loss) * (1 - sendings[0].loss) * (1 - min(one.loss for one in best.depths))
        goals = Goals(
            policy.first_token_s,
            policy.answer_s,
            policy.probability,
            policy.usd_per_request,
            policy.loss if policy.loss is not None else max(0.0, 1 - kept_as_set),
            policy.gives_way,
        )
        lengths = self._answers.within(self._lengths.lengths(kind), answer_tokens or None)
        ceilings = (None, policy.under_pressure.answer_tokens) if policy.under_pressure.answer_tokens else (None,)
        decision = decide(candidates, sendings, goals, lengths, ceilings, answer_tokens, self._answers)
        chosen, rank = self._tiers[decision.tier], policy.rank
        num_before = chosen.num_before(rank)
        chosen.in_flight[rank] += 1
        effort = next(effort for effort in efforts if effort == decision.sending)
        thought = self._depths.thought(decision.depth, policy, wanted)
        asked = chosen.settings.model or model
        return Decided(decision, nature, effort, is_first_turn, rank, num_before, kind, wanted, thought, asked)

    def over(self, decided: Decided, exchange: Exchange, *, stream: bool, was_cut: bool) -> None:
        """It is in flight no more; how it went is learned from later.

        Args:
            was_cut: Whether the answer may have ended at a ceiling, so that its own length is not known.
        """
        asked = self._tiers[decided.decision.tier]
        asked.in_flight[decided.rank] -= 1
        if not asked.in_flight[decided.rank]:
            del asked.in_flight[decided.rank]
        if exchange.cache in ("hit", "similar", "shared") or not exchange.sent_s:
            return
        self._later(partial(self._learn_from, decided, exchange, stream=stream, was_cut=was_cut))

    def _learn_from(self, decided: Decided, exchange: Exchange, *, stream: bool, was_cut: bool) -> None:
        asked, before = self._tiers[decided.decision.tier], decided.num_before
        served = self._tiers.get(exchange.served.tier or decided.decision.tier, asked)
        if served is not asked:
            asked.latency.observe(Observation(0, 0, before, None))
        _learn(served.latency, exchange, before, stream=stream)
        self._learn_shares(decided, exchange)
        lengths = self._lengths.lengths(decided.kind)
        key = exchange.wire, decided.model, decided.decision.depth
        said = self._depths.learn(served.settings.name, key, decided.wanted, exchange, sum(lengths) / len(lengths))
        if said > 0 and not was_cut and exchange.served.thought != BRIEF:
            self._lengths.observe(decided.kind, said)
            self._lengths.lengths(decided.kind)  # worked out now, and not when a request asks
        served.latency.prepare()

    def _of_tier(self, known: _Known, wire: str, model: str, policy: NamedPolicy, wanted: Wanted) -> Sequence[Depth]:
        asked = known.settings.model or model
        return self._depths.of_tier(known.settings, known.seller(wire), asked, wire, policy, wanted)

    def _sending(self, name: str, effort: Effort, tokens: int, is_first_turn: bool) -> Sending:
        known = self._shares.get((name, effort, is_first_turn)) or _Shares(_KEPT[effort], _LOST[effort])
        sent = max(1, int(tokens * known.kept))
        return Sending(effort, sent, int(sent * known.cached), known.lost)

    def _tier(
        self,
        known: _Known,
        wire: str,
        rank: int,
        controls: Controls,
        sendings: Sequence[Sending],
        depths: Sequence[Depth],
    ) -> Tier:
        settings, prices = known.settings, None
        if settings.model:
            prices = prices_for(settings.model, known.seller(wire), file=controls.policy.prices_file)
        before = known.num_before(rank)
        forecasts = [
            known.latency.forecast(sending.input_tokens, sending.cached_tokens, before) for sending in sendings
        ]
        return Tier(settings.name, forecasts, prices, settings.expected_loss, depths=depths)

    def _learn_shares(self, decided: Decided, exchange: Exchange) -> None:
        receipt, usage = exchange.receipt, exchange.usage
        if receipt is None or not receipt.tokens_before or exchange.mode is not Mode.ON:
            return
        key = decided.kind[0], decided.effort, decided.is_first_turn
        known = self._shares.get(key)
        if known is None:
            if len(self._shares) >= _MOST_KINDS:
                self._shares.pop(next(iter(self._shares)))
            known = self._shares[key] = _Shares(_KEPT[decided.effort], _LOST[decided.effort])
        known.kept += _LEARNED * (receipt.kept - known.kept)
        if receipt.expected_loss >= 0:
            known.lost += _LEARNED * (receipt.expected_loss - known.lost)
        if usage.input_tokens > 0 and usage.cache_read_tokens >= 0:
            known.cached += _LEARNED * (min(1.0, usage.cache_read_tokens / usage.input_tokens) - known.cached)


def has_goal(policy: NamedPolicy) -> bool:
    """Whether there is anything to decide for."""
    return not (policy.first_token_s is policy.answer_s is policy.usd_per_request is policy.loss is None)


def _efforts(controls: Controls) -> tuple[Effort, ...]:
    """The effort that is set and those that send less."""
    effort = controls.policy.effort
    if controls.mode is not Mode.ON or effort == "off":
        return (effort,)
    return _EFFORTS[_EFFORTS.index(effort) :]


def _learn(latency: Latency, exchange: Exchange, before: int, *, stream: bool) -> None:
    """What an answer shows of its upstream; nothing where the caller left before there was one, or asked wrongly."""
    usage = exchange.usage
    sizes = max(0, usage.input_tokens), max(0, usage.cache_read_tokens), before
    if exchange.status >= 500:
        latency.observe(Observation(*sizes, None))
    if exchange.status >= 400 or not exchange.first_byte_s:
        return
    ended_s = exchange.ended_s if not exchange.error else 0.0
    answer_s = ended_s - exchange.sent_s if ended_s else None
    first_s = exchange.first_byte_s - exchange.sent_s
    thought = max(0, usage.reasoning_tokens)
    seen = Observation(*sizes, first_s, max(0, usage.output_tokens), answer_s, thought)
    if stream:
        latency.observe(seen)
    else:
        latency.observe_whole(seen)
