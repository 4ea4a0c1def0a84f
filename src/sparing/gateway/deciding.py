"""One decision per request, from what this gateway has seen so far: `plan.decide` with live models.

Only for requests under a policy that has a goal (a time, money, a loss), where tiers are configured. What was decided
is a header of the answer and a field of the receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, get_args

import msgspec

from sparing.core.budget import Mode
from sparing.core.upstream import Thought
from sparing.gateway.controls import Controls
from sparing.gateway.depths import Depths, Wanted
from sparing.gateway.exchange import Exchange
from sparing.gateway.known_tier import KnownTier
from sparing.gateway.set_thought import BRIEF
from sparing.gateway.shares import Shares
from sparing.plan.answers import Depth, Remembered
from sparing.plan.anticipate.nature import Nature
from sparing.plan.candidates import Goals, Tier
from sparing.plan.decide import Decision, decide
from sparing.plan.forecast.answer_length import AnswerLengths
from sparing.plan.forecast.latency import Observation
from sparing.settings import Settings
from sparing.settings.policies import NamedPolicy
from sparing.settings.policy import Effort
from sparing.settings.tiers import wires_of

_EFFORTS: Final[tuple[Effort, ...]] = get_args(Effort)


class Decided(msgspec.Struct, frozen=True):
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
        self._tiers = {tier.name: KnownTier(tier) for tier in settings.tiers}
        self._speaking: dict[str, list[KnownTier]] = {}
        for name, wires in wires_of(settings.tiers, embedded_wires).items():
            for wire in wires:
                self._speaking.setdefault(wire, []).append(self._tiers[name])
        self._lengths = AnswerLengths()
        self._depths = Depths()
        self._answers = Remembered()
        self._shares = Shares()

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
        if not has_goal(policy):
            return None
        known = [one for one in self._speaking.get(wire, ()) if not tiers or one.settings.name in tiers]
        if not known:
            return None
        is_first_turn, kind, rank = wanted.is_first, (name, nature.intent), policy.rank
        efforts = _efforts(controls) if is_first_turn and effort_is_open else (controls.policy.effort,)
        sendings = [self._shares.sending((name, effort, is_first_turn), tokens) for effort in efforts]
        sizes = [(one.input_tokens, one.cached_tokens) for one in sendings]
        candidates = [
            Tier(
                one.settings.name,
                one.latency.forecasts(sizes, one.num_before(rank)),
                one.prices(wire, controls.policy.prices_file),
                one.settings.expected_loss,
                depths=self._of_tier(one, wire, model, policy, wanted),
            )
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
        chosen = self._tiers[decision.tier]
        num_before = chosen.entered(rank)
        effort = next(effort for effort in efforts if effort == decision.sending)
        thought = self._depths.thought(decision.depth, policy, wanted)
        asked = chosen.settings.model or model
        return Decided(decision, nature, effort, is_first_turn, rank, num_before, kind, wanted, thought, asked)

    def over(self, decided: Decided, exchange: Exchange, *, stream: bool, was_cut: bool) -> None:
        """It is in flight no more; how it went is learned from later.

        Args:
            was_cut: Whether the answer may have ended at a ceiling, so that its own length is not known.
        """
        self._tiers[decided.decision.tier].left(decided.rank)
        if exchange.cache in ("hit", "similar", "shared") or not exchange.sent_s:
            return
        self._later(partial(self._learn_from, decided, exchange, stream=stream, was_cut=was_cut))

    def _learn_from(self, decided: Decided, exchange: Exchange, *, stream: bool, was_cut: bool) -> None:
        asked, before = self._tiers[decided.decision.tier], decided.num_before
        served = self._tiers.get(exchange.served.tier or decided.decision.tier, asked)
        if served is not asked:
            asked.latency.observe(Observation(0, 0, before, None))
        served.learn(exchange, before, stream=stream)
        self._shares.learn((decided.kind[0], decided.effort, decided.is_first_turn), exchange)
        lengths = self._lengths.lengths(decided.kind)
        key = exchange.wire, decided.model, decided.decision.depth
        said = self._depths.learn(served.settings.name, key, decided.wanted, exchange, sum(lengths) / len(lengths))
        if said > 0 and not was_cut and exchange.served.thought != BRIEF:
            self._lengths.observe(decided.kind, said)
            self._lengths.lengths(decided.kind)  # worked out now, and not when a request asks
        served.latency.prepare()

    def _of_tier(self, known: KnownTier, wire: str, model: str, policy: NamedPolicy, wanted: Wanted) -> Sequence[Depth]:
        asked = known.settings.model or model
        return self._depths.of_tier(known.settings, known.seller(wire), asked, wire, policy, wanted)


def has_goal(policy: NamedPolicy) -> bool:
    """Whether there is anything to decide for."""
    return not (policy.first_token_s is policy.answer_s is policy.usd_per_request is policy.loss is None)


def _efforts(controls: Controls) -> tuple[Effort, ...]:
    """The effort that is set and those that send less."""
    effort = controls.policy.effort
    if controls.mode is not Mode.ON or effort == "off":
        return (effort,)
    return _EFFORTS[_EFFORTS.index(effort) :]
