"""When is it worth breaking the provider's prompt cache?

What was sent before is read from the cache for a fraction of the price of new input. Whoever changes an early part of
a conversation to save tokens pays for everything behind it once more: at the price of writing it, instead of reading
it. That pays when the tokens saved, read again turn after turn, cost more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.prices import Prices

_UNKNOWN_READ = 0.1  # of the input price: what most providers ask; a cache that we do not know of is not broken lightly
_LOCAL_READ = 0.02  # a token in a local engine's prefix cache costs attention, not prefill


@dataclass(frozen=True, slots=True)
class CacheCosts:
    """What a token of the prompt costs, as a share of the input price.

    Attributes:
        write: In the turn in which it is new, or behind something that changed.
        read: In every turn after that.
    """

    write: float
    read: float

    def rewriting(self, tokens: float) -> float:
        """What it costs that so many tokens are written again instead of read."""
        return tokens * max(0.0, self.write - self.read)

    def carrying(self, tokens: float, num_turns: float) -> float:
        """What it costs to have so many tokens in the prompt of so many turns, once they are written."""
        return tokens * self.read * num_turns


def cache_costs(prices: Prices | None) -> CacheCosts:
    """The costs at these prices; with no prices those of a provider with a cache."""
    if prices is None:
        return CacheCosts(1.0, _UNKNOWN_READ)
    if not prices.input_usd:
        return CacheCosts(1.0, _LOCAL_READ)
    return CacheCosts(prices.write_usd() / prices.input_usd, prices.cache_read_usd / prices.input_usd)


def turns_to_come(num_turns: int) -> int:
    """How many turns a conversation of so many is expected to have still: as many again.

    Whoever looks at a conversation at a random moment has on average seen half of it (Gott 1993, "Implications of the
    Copernican principle for our future prospects"); nothing else is known that would be the same in every replica.
    """
    return num_turns


def pays_to_rewrite(costs: CacheCosts, carried: float, rewritten_tokens: int) -> bool:
    """Whether it is time to write so many tokens again, to be rid of what could be left out.

    When carrying it has cost as much as breaking the cache does: then, however long the conversation goes on, both
    together are at most twice what the best choice in hindsight would have cost (Karlin et al. 1988, "Competitive
    snoopy caching", the rent-or-buy rule), and for a steady stream of old results the points lie where the sum is
    least (Harris 1913, the economic order quantity).

    Args:
        carried: What it has cost so far to carry what could be left out, in tokens at the input price.
    """
    return carried > 0 and carried >= costs.rewriting(rewritten_tokens)


def pays_to_send_whole(
    costs: CacheCosts, supplied_tokens: int, whole_tokens: int, rewritten_tokens: int, num_turns: int
) -> bool:
    """Whether an earlier text had better be sent whole from now on than supplied in part beside the question.

    Args:
        supplied_tokens: What would be put beside the question.
        whole_tokens: What the earlier text would have more.
        rewritten_tokens: What stands behind it.
    """
    turns = turns_to_come(num_turns)
    supplying = costs.write * supplied_tokens + costs.carrying(supplied_tokens, turns)
    whole = costs.write * whole_tokens + costs.carrying(whole_tokens, turns) + costs.rewriting(rewritten_tokens)
    return whole < supplying
