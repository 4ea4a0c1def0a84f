"""How much each tier may think about a request, what that takes, and what was decided for its conversation before.

A depth is decided once for a conversation, with its first turn, and kept for all that follow: providers make what is
thought, or how much may be, part of what they cache, or do not say. Forgotten (another replica, a restart) the request
goes as it is, which costs one miss of that cache. A wish for a brief answer stands behind everything cached, so it is
decided for each newest message anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sparing.core.upstream import Thought
from sparing.gateway.exchange import Exchange
from sparing.gateway.set_thought import BRIEF, reasoner_of
from sparing.plan.answers import Depth
from sparing.plan.forecast.thoughts import Thoughts
from sparing.receive.depth.levels import is_more
from sparing.settings.policies import NamedPolicy
from sparing.settings.reasoners import Reasoner
from sparing.settings.tree import TierSettings

# What a depth loses beside high, until the policy says otherwise (`depth_loss`): guesses, not measured.
_LOST: Final = {"none": 0.06, "minimal": 0.05, "low": 0.03, "medium": 0.01, "high": 0.0, BRIEF: 0.03}
_USUAL: Final = "medium"  # of a model whose default is not known
_MOST_CONVERSATIONS = 65_536
_MOST_REFUSED = 1024
_AS_IT_IS = Depth()
_ONLY_AS_IT_IS = (_AS_IT_IS,)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says of its depth.

    Attributes:
        asked: Its own level; "" where it names none.
        cap: Most that its policy allows at the moment; None for no cap.
        conversation: What its conversation is known by, b"" for one that cannot be.
        is_first: Whether it begins it.
        may_be_brief: Whether it ends with words of the user, behind which a wish can stand.
    """

    asked: str = ""
    cap: str | None = None
    conversation: bytes = b""
    is_first: bool = True
    may_be_brief: bool = False
    has_tools: bool = False


class Depths:
    """What one gateway knows of thought. Used on the event loop only."""

    def __init__(self) -> None:
        self._thoughts = Thoughts()
        self._made: dict[tuple[str, str], Depth] = {}
        self._kept: OrderedDict[bytes, str] = OrderedDict()
        self._refused: set[tuple[str, str, str, str]] = set()

    def of_tier(
        self, tier: TierSettings, seller: str, model: str, wire: str, policy: NamedPolicy, wanted: Wanted
    ) -> Sequence[Depth]:
        """How much a tier may think, what the policy prefers first; only as it is where nothing is to be chosen."""
        if not policy.depths:
            return _ONLY_AS_IT_IS
        reasoner = reasoner_of(tier, model, seller, wire, has_tools=wanted.has_tools)
        if reasoner is None:
            if BRIEF not in policy.depths or not wanted.may_be_brief or wanted.asked:
                return _ONLY_AS_IT_IS
            brief = Depth(BRIEF, self._thoughts.brief_factor(tier.name), policy.depth_loss.get(BRIEF, _LOST[BRIEF]))
            return (_AS_IT_IS, brief)
        names = self._allowed(reasoner, policy, wanted)
        asked = wanted.asked or reasoner.default or _USUAL
        if self._refused:
            names = [name for name in names if (tier.name, wire, model, name) not in self._refused]
        lost = {**_LOST, **policy.depth_loss} if policy.depth_loss else _LOST
        of_usual = 1 - lost.get(asked, 0.0)
        depths = [self._depth(tier.name, one, 1 - (1 - lost[one]) / of_usual) for one in names]
        return depths or (Depth("", 1.0, 0.0, self._thoughts.tokens(tier.name, asked)),)

    def _depth(self, tier: str, name: str, loss: float) -> Depth:
        """What a level is believed to be at a tier: the very same until more is known of it."""
        thoughts, known = self._thoughts.tokens(tier, name), self._made.get((tier, name))
        if known is None or known.thoughts is not thoughts or known.loss != loss:
            known = self._made[tier, name] = Depth(name, 1.0, loss, thoughts)
        return known

    def thought(self, name: str, policy: NamedPolicy, wanted: Wanted) -> Thought | None:
        """What to ask whoever answers for, given the depth that was decided; the conversation keeps it."""
        if not name:
            return None
        if name != BRIEF and wanted.conversation:
            self._kept[wanted.conversation] = name
            self._kept.move_to_end(wanted.conversation)
            if len(self._kept) > _MOST_CONVERSATIONS:
                self._kept.popitem(last=False)
        return Thought(name, policy.deepen)

    def learn(self, tier: str, key: tuple[str, str, str], wanted: Wanted, exchange: Exchange, usual: float) -> int:
        """Learn from an answer; says how many of its tokens were said, as far as the provider tells.

        Args:
            tier: That gave it.
            key: Wire format, model and depth that were decided; "" for no depth.
            usual: Tokens of an answer of this kind.
        """
        usage, taken = exchange.usage, exchange.served.thought
        if key[2] and taken != key[2] and 200 <= exchange.status < 300:
            if len(self._refused) >= _MOST_REFUSED:
                self._refused.clear()
            self._refused.add((tier, *key))
        thought = max(0, usage.reasoning_tokens)
        if taken == BRIEF:
            self._thoughts.observe_brief(tier, usage.output_tokens, usual)
        elif usage.reasoning_tokens >= 0:
            self._thoughts.observe(tier, taken or wanted.asked, thought)
        return usage.output_tokens - thought

    def _allowed(self, reasoner: Reasoner, policy: NamedPolicy, wanted: Wanted) -> list[str]:
        """Levels that may be chosen: the conversation's own once it has begun, at first all that are not too much."""
        if not wanted.is_first:
            kept = self._kept.get(wanted.conversation)
            return [kept] if kept in reasoner.levels and kept in policy.depths else []
        most = wanted.asked or reasoner.default
        if most is None and not policy.deepen:
            return []
        names: list[str] = [name for name in policy.depths if name in reasoner.levels]
        if wanted.cap is not None:
            names = [name for name in names if not is_more(name, wanted.cap)]
        return names if policy.deepen or most is None else [name for name in names if not is_more(name, most)]
