"""What requests cost, and what they would have cost without Sparing. Pure.

The bill is the provider's usage at its prices. The other figure is counterfactual: the same bill with the tokens that
were left out in it, priced as the provider would have billed them. What it cached of a request it would have cached
of the longer one as well, so that share of them is read at the price of cache reads and never claimed as ours; the
rest costs what input costs, never what writing costs. What it could not read because we had changed something before
it, it would have read. Where Sparing itself set the breakpoints of the cache nothing would have been read or written
without it, so there everything costs what input costs. Tokens given back on recall, and whole turns made for it, are
in the bill only, and so are calls that Sparing makes for itself (summaries) and answers of a small model that were not
good enough. Tokens that are sent again beside a later question count as sent: they are in `tokens_after`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sparing.core.prices import CacheKind, Prices
from sparing.core.upstream import Spent
from sparing.core.usage import Usage
from sparing.record.interval import Interval, total_interval

OWN = "own"  # the mode of a call that Sparing made for itself: a bill, and nothing saved by it
MIN_REQUESTS = 20  # fewer say nothing: no sum of money is shown

FindPrices = Callable[[str, str, int], Prices | None]  # model, provider, tokens of the prompt


@dataclass(frozen=True, slots=True)
class Charge:
    """Of a receipt, what is needed to price it.

    Attributes:
        key: What it is summed under.
        usage: As the provider billed it, all turns together.

    The rest is as in `core.receipt.Receipt`.
    """

    key: str
    model: str
    provider: str
    mode: str
    usage: Usage
    tokens_before: int
    tokens_after: int
    resupplied_tokens: int = 0
    rewritten_tokens: int = 0
    recalled_tokens: int = 0
    extra_turns: int = 0
    cache_marks: int = 0
    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """One request in USD.

    Attributes:
        paid_usd: As the provider billed it.
        without_usd: Without Sparing; in `audit` mode what the answer cost, as the original went out.
        possible_usd: What `audit` found that could have been saved.
        by_marks_usd: Of what was saved, by breakpoints that Sparing set; below 0 where they cost more than they saved.
    """

    paid_usd: float
    without_usd: float
    possible_usd: float = 0.0
    by_marks_usd: float = 0.0

    @property
    def saved_usd(self) -> float:
        """Below 0 where recalls cost more than was left out."""
        return self.without_usd - self.paid_usd


@dataclass(frozen=True, slots=True)
class Net:
    """Bills summed. No sum is given over fewer than `MIN_REQUESTS`: it is None then.

    Attributes:
        num: Receipts, priced or not.
        num_no_price: No row in the table for the model.
        num_no_usage: The provider did not say what it billed, or not how much it read from its cache.
        saved: With its 95 % interval.
        by_marks_usd: Of it, by breakpoints that Sparing set for the provider's cache.
        resupplied_tokens: Sent again beside later questions; debited.
        recalled_tokens: Given back on recall; debited.
        extra_turns: Made for recalls; debited.
    """

    key: str
    num: int
    num_no_price: int
    num_no_usage: int
    paid_usd: float | None
    without_usd: float | None
    saved: Interval | None
    by_marks_usd: float | None
    possible_usd: float | None
    resupplied_tokens: int
    recalled_tokens: int
    extra_turns: int

    @property
    def num_priced(self) -> int:
        return self.num - self.num_no_price - self.num_no_usage


def price(charge: Charge, find: FindPrices) -> Bill | None:
    """The bill of one request; None where a model has no prices, or a provider did not say what it billed."""
    prices = find(charge.model, charge.provider, _prompt_tokens(charge))
    spent_usd = _spent_usd(charge.spent, find)
    if prices is None or spent_usd is None or not _is_billed(charge.usage, prices):
        return None
    answer_usd = prices.cost_usd(charge.usage)
    paid_usd = answer_usd + spent_usd
    if charge.mode == OWN:
        return Bill(paid_usd, 0.0)
    left_out = _left_out_tokens(charge)
    if charge.mode == "audit":
        return Bill(paid_usd, answer_usd, _left_out_usd(charge, left_out, prices))
    longer = find(charge.model, charge.provider, _prompt_tokens(charge) + left_out) or prices
    once = _undisturbed(charge)
    without_usd = longer.cost_usd(once) + _left_out_usd(charge, left_out, longer)
    by_marks_usd = prices.cost_usd(once) - prices.cost_usd(_once(charge)) if charge.cache_marks else 0.0
    return Bill(paid_usd, without_usd, by_marks_usd=by_marks_usd)


def net(key: str, charges: Iterable[Charge], find: FindPrices) -> Net:
    """The sums over some receipts, oldest first."""
    num = num_no_price = resupplied = recalled = turns = 0
    sent: list[Bill] = []
    audited: list[Bill] = []
    for charge in charges:
        num += 1
        bill = price(charge, find)
        if bill is None:
            num_no_price += find(charge.model, charge.provider, 0) is None
            continue
        (audited if charge.mode == "audit" else sent).append(bill)
        resupplied += charge.resupplied_tokens
        recalled += charge.recalled_tokens
        turns += charge.extra_turns
    bills = sent + audited
    enough, enough_sent, enough_audited = (len(some) >= MIN_REQUESTS for some in (bills, sent, audited))
    return Net(
        key=key,
        num=num,
        num_no_price=num_no_price,
        num_no_usage=num - num_no_price - len(bills),
        paid_usd=sum(bill.paid_usd for bill in bills) if enough else None,
        without_usd=sum(bill.without_usd for bill in bills) if enough_sent else None,
        saved=total_interval([bill.saved_usd for bill in sent]) if enough_sent else None,
        by_marks_usd=sum(bill.by_marks_usd for bill in sent) if enough_sent else None,
        possible_usd=sum(bill.possible_usd for bill in audited) if enough_audited else None,
        resupplied_tokens=resupplied,
        recalled_tokens=recalled,
        extra_turns=turns,
    )


def ledger(charges: Iterable[Charge], find: FindPrices) -> list[Net]:
    """One sum per key, in the order in which the keys first come."""
    groups: dict[str, list[Charge]] = {}
    for charge in charges:
        groups.setdefault(charge.key, []).append(charge)
    return [net(key, group, find) for key, group in groups.items()]


def _spent_usd(spent: Iterable[Spent], find: FindPrices) -> float | None:
    """What answers cost that nobody was shown; None where that is not known."""
    total_usd = 0.0
    for one in spent:
        prices = find(one.model, one.provider, max(one.usage.input_tokens, 0))
        if prices is None or not _is_billed(one.usage, prices):
            return None
        total_usd += prices.cost_usd(one.usage)
    return total_usd


def _is_billed(usage: Usage, prices: Prices) -> bool:
    """Whether the usage says all that makes a difference to the bill."""
    says_cache = usage.cache_read_tokens >= 0 or prices.cache_read_usd == prices.input_usd
    return usage.input_tokens > 0 and usage.output_tokens >= 0 and says_cache


def _prompt_tokens(charge: Charge) -> int:
    """Of one turn, as the provider counts. Every extra turn sends the prompt again; the last has the recalled text."""
    return max(charge.usage.input_tokens - charge.recalled_tokens, 0) // (1 + charge.extra_turns)


def _once(charge: Charge, read_tokens: int | None = None) -> Usage:
    """The usage had nothing been recalled and, if told, so many tokens been read of all that was sent."""
    used = charge.usage
    share = _prompt_tokens(charge) / used.input_tokens
    was_read = max(used.cache_read_tokens, 0)
    read = was_read if read_tokens is None else read_tokens
    written = share * (used.input_tokens - read) / (used.input_tokens - was_read) if read > was_read else share
    writes = ((lifetime_s, int(tokens * written)) for lifetime_s, tokens in used.cache_writes)
    return Usage(_prompt_tokens(charge), used.output_tokens, int(read * share), tuple(writes))


def _undisturbed(charge: Charge) -> Usage:
    """The same had we set no breakpoint, and changed nothing that had been sent before."""
    if charge.cache_marks:
        return Usage(_prompt_tokens(charge), charge.usage.output_tokens, 0)
    return _once(charge, _would_read_tokens(charge))


def _would_read_tokens(charge: Charge) -> int:
    used = charge.usage
    return min(used.input_tokens, max(used.cache_read_tokens, 0) + charge.rewritten_tokens)


def _left_out_tokens(charge: Charge) -> int:
    """As the provider counts: it counts some texts shorter than we do. Where it counts them longer, ours is taken."""
    counted = charge.tokens_before if charge.mode == "audit" else charge.tokens_after
    ours = charge.tokens_before - charge.tokens_after
    return int(ours * min(1.0, _prompt_tokens(charge) / counted)) if counted > 0 else 0


def _left_out_usd(charge: Charge, left_out: int, prices: Prices) -> float:
    """USD for the tokens that were left out, had they been sent."""
    prompt = _prompt_tokens(charge)
    share = _would_read_tokens(charge) / charge.usage.input_tokens
    sent = prompt - left_out if charge.mode == "audit" else prompt
    if charge.cache_marks:
        share = 0.0
    elif prices.cache is not CacheKind.NONE and sent < prices.cache_min_tokens <= sent + left_out:
        share = 1.0  # too short to be cached because of us: had it been sent whole it may have been read
    return left_out * (share * prices.cache_read_usd + (1 - share) * prices.input_usd) / 1_000_000
