"""Fold a request turn by turn: every turn's material under that turn's own budget.

What a turn becomes depends only on the turns up to it and on the policy, so what was sent last time is sent again
byte for byte and the provider's prompt cache holds: on any replica, after any restart, with nothing stored. What it
becomes is remembered by digest (`memory`), so that a new turn costs what it adds. Only an explicit budget that older
turns leave no room for plans the whole anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sparing.at_risk import terms_of, with_floor
from sparing.conversation.by_effort import settle_by_effort, settle_by_risk
from sparing.conversation.compact import Compaction, compaction
from sparing.conversation.folded import Folded, folded_of, place_of
from sparing.conversation.history import History
from sparing.conversation.judges import judges_of
from sparing.conversation.memory import MEMORY, Memory
from sparing.conversation.old_turns import old_turn_offers
from sparing.conversation.outcome import Outcome, Replan, TurnResult, outcomes_of
from sparing.conversation.resupply import MOST_TOKENS, Needed, needed_of
from sparing.conversation.turns import Turn, with_later_words
from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.span import Kind
from sparing.core.summaries import Summaries
from sparing.core.verdict import Change
from sparing.handles import with_handle
from sparing.offer import Offer, offer, whole_only, with_priors
from sparing.plan.economics import CacheCosts
from sparing.plan.effort import TARGETS
from sparing.plan.zones import Piece
from sparing.reducers.sniff import sniff
from sparing.settings import PolicySettings
from sparing.settle import Settlement, settle

_PATIENCE = 3.0  # times the deadline for turns before the newest: what they become should not depend on the clock


class Fold:
    """Folds one request.

    Args:
        turns: Oldest first; see `turns.cut_turns`.
        counter: Counts for the model that will read the request.
        deadline: When the newest turn has to be done.
        costs: What changing an earlier turn would cost.
        marking: Whether what is left out is marked with how to ask for it.
        summaries: What a model wrote about old results; None where it may not.
    """

    def __init__(
        self,
        turns: Sequence[Turn],
        policy: PolicySettings,
        counter: Counter,
        deadline: Deadline,
        costs: CacheCosts,
        memory: Memory = MEMORY,
        *,
        marking: bool = False,
        summaries: Summaries | None = None,
    ) -> None:
        assert all(turn.digest for turn in turns), "turns are remembered by their digests"
        self._turns = turns
        self._policy = policy
        self._target = TARGETS[policy.effort]
        self._terms = terms_of(policy)
        self._counter = counter
        self._deadline = deadline
        self._memory = memory
        self._marking = marking
        self._summaries = summaries
        self._results: list[TurnResult] = []
        self._history = History(costs, policy.keep_turns)
        self._num_absorbed = 0

    def by_effort(self) -> Folded:
        """Settle every turn by the policy's risk, or its effort where no risk is asked for."""
        self._fold(len(self._turns))
        if 0 < self._num_absorbed == len(self._turns) and all(result.in_time for result in self._results):
            self._memory.keep_history(self._key(self._turns[-1]), self._history)
        return self._folded()

    def within(self, before_tokens: int, limit_tokens: int) -> Folded:
        """Settle every turn so that the request, which has `before_tokens` as it came, has at most `limit_tokens`.

        The newest turn gets what the older ones leave; if that is not enough the whole is planned anew.
        """
        older = len(self._turns) - 1
        newest = self._turns[older]
        self._fold(older)
        folded = self._folded()
        history = self._history_before(older)
        history.begin(newest)
        offered = self._to_a_budget(newest.pieces, history.read_chars)
        left = limit_tokens - (before_tokens - folded.saved_tokens - sum(offer.tokens for offer in offered))

        def settled_of(offered: list[Offer]) -> Settlement:
            offers = history.with_references(offered, self._deadline)
            return self._marked(self._settle_within(offers, left, must_fit=not older))

        def by_larger() -> Settlement:
            return settled_of(self._to_a_budget(newest.pieces, history.read_chars, by_larger_tier=True))

        settled = self._or_by_larger_tier(settled_of(offered), by_larger)
        if settled.fits or not older:
            needed = self._needed(newest, history, self._deadline, left - settled.tokens)
            self._results.append(TurnResult(outcomes_of(settled), needed.supplied))
            return replace(self._folded(), fits=settled.fits)
        return self._anew(before_tokens, limit_tokens)

    def _anew(self, before_tokens: int, limit_tokens: int) -> Folded:
        """Everything planned together; with what was said in old turns where the material alone cannot give enough."""
        pieces = with_later_words(self._turns)
        room = limit_tokens - before_tokens
        settled = self._or_by_larger_tier(
            self._settle_anew(self._to_a_budget(pieces), room),
            lambda: self._settle_anew(self._to_a_budget(pieces, by_larger_tier=True), room),
        )
        return Folded(self._marked(settled), rewritten_tokens=self._behind_the_opening(), fits=settled.fits)

    def _settle_anew(self, offers: list[Offer], room: int) -> Settlement:
        settled = self._settle_within(offers, room + sum(offer.tokens for offer in offers), must_fit=False)
        if settled.fits:
            return settled
        words = "\n".join(span.text for span in self._turns[-1].asked).strip()
        ask = Ask(self._counter, Question(words) if words else None, self._policy.pins, self._deadline)
        offers = with_priors([*offers, *map(self._floored, old_turn_offers(self._turns, ask))])
        return self._settle_within(offers, room + sum(offer.tokens for offer in offers), must_fit=True)

    def _or_by_larger_tier(self, settled: Settlement, by_larger: Callable[[], Settlement]) -> Settlement:
        """By a larger tier of the selector, where the policy has it so and the risk does not fit the budget."""
        if settled.fits or self._terms is None or not self._terms.larger_tier:
            return settled
        return min(settled, by_larger(), key=lambda one: one.tokens)

    def _behind_the_opening(self) -> int:
        """Tokens of earlier turns, as they came: what of the cached prefix a new plan may break."""
        return sum(self._tokens(turn) for turn in self._turns[:-1])

    def _marked(self, settled: Settlement) -> Settlement:
        """The same with a handle on what is left out, if handles can be honoured."""
        if not self._marking:
            return settled
        return replace(settled, changes=tuple(with_handle(change, self._counter) for change in settled.changes))

    def _settle_within(self, offers: Sequence[Offer], tokens: int, *, must_fit: bool) -> Settlement:
        if not offers:
            return Settlement((), (), fits=tokens >= 0)
        return settle(offers, tokens, self._policy.pins, lossless=self._target.lossless, must_fit=must_fit)

    def _fold(self, num_turns: int) -> None:
        """Find out what the first turns become, from memory where it knows."""
        for index in range(num_turns):
            turn = self._turns[index]
            result = self._memory.result(self._key(turn))
            if result is None:
                newest = index == len(self._turns) - 1
                history = self._history_before(index)
                result = self._settle(turn, history, self._deadline if newest else _patient(self._deadline))
                history.end(turn, result, self._tokens(turn))
                self._num_absorbed = index + 1
                if result.in_time:
                    self._memory.keep_result(self._key(turn), result)
            self._results.append(result)

    def _key(self, turn: Turn) -> bytes:
        return turn.digest + (b"marked" if self._marking else b"")

    def _history_before(self, index: int) -> History:
        """The turns before this one, absorbed."""
        if not self._num_absorbed and index:
            known = self._memory.take_history(self._key(self._turns[index - 1]))
            if known is not None:
                self._history, self._num_absorbed = known, index
        for turn, result in zip(
            self._turns[self._num_absorbed : index], self._results[self._num_absorbed :], strict=False
        ):
            self._history.begin(turn)
            self._history.end(turn, result, self._tokens(turn))
        self._num_absorbed = index
        return self._history

    def _settle(self, turn: Turn, history: History, deadline: Deadline) -> TurnResult:
        history.begin(turn)
        offers = history.with_references(self._offers(turn.pieces, deadline, history.read_chars), deadline)
        free = [offer for offer, piece in zip(offers, turn.pieces, strict=True) if not piece.is_exempt]
        settled = self._settle_free(free)
        if len(free) < len(offers):
            exempt = [offer for offer, piece in zip(offers, turn.pieces, strict=True) if piece.is_exempt]
            settled = _in_order(turn.pieces, settled, settle(exempt, 0, self._policy.pins, lossless=True))
        history.refer(settled.changes)  # before compaction looks for results that nothing refers to
        needed = self._needed(turn, history, deadline)
        whole = tuple(Replan(number, _whole(history.sent[number])) for number in needed.whole)
        compacted = Compaction(whole) if whole else self._compaction(turn, history, deadline)
        return TurnResult(outcomes_of(settled), needed.supplied, compacted.replanned, compacted.wanted)

    def _settle_free(self, offers: Sequence[Offer]) -> Settlement:
        """What of a turn may lose something."""
        if sum(offer.tokens for offer in offers) < self._policy.min_tokens:
            return self._settled_whole(offers)
        if self._terms is not None:
            return self._marked(settle_by_risk(offers, self._policy.pins, lossless=self._target.lossless))
        return self._marked(settle_by_effort(offers, self._target, self._policy.pins))

    def _settled_whole(self, offers: Sequence[Offer]) -> Settlement:
        """A turn with too little in it to lose any of it."""
        policy = self._policy
        settled = settle([whole_only(offer) for offer in offers], 0, policy.pins, lossless=True)
        reason = f"fewer than {policy.min_tokens} reducible tokens in this turn"
        return replace(settled, reasons=tuple(given or reason for given in settled.reasons))

    def _compaction(self, turn: Turn, history: History, deadline: Deadline) -> Compaction:
        if self._policy.compaction == "off" or self._target.lossless or self._terms is not None:
            return Compaction()  # what a line would lose of an old result is not calibrated
        ask = Ask(self._counter, None, self._policy.pins, deadline)
        done = compaction(history, ask, self._summaries, marking=self._marking)
        # What an earlier turn became is over: a summary that is not known by now was forgotten, or never to be had.
        return done if turn is self._turns[-1] else Compaction(done.replanned)

    def _to_a_budget(
        self, pieces: Sequence[Piece], read_chars: int = 0, *, by_larger_tier: bool = False
    ) -> list[Offer]:
        return self._offers(pieces, self._deadline, read_chars, to_a_budget=True, by_larger_tier=by_larger_tier)

    def _offers(
        self,
        pieces: Sequence[Piece],
        deadline: Deadline,
        read_chars: int = 0,
        *,
        to_a_budget: bool = False,
        by_larger_tier: bool = False,
    ) -> list[Offer]:
        free = [piece for piece in pieces if not piece.is_exempt]
        judges = judges_of(
            free, self._policy, self._counter, read_chars, to_a_budget=to_a_budget, by_larger_tier=by_larger_tier
        )
        offers = []
        for piece, selector in zip(free, judges, strict=True):
            span = piece.span
            text_form = self._policy.json_form == "text" and span.kind is Kind.TOOL_RESULT and piece.is_text
            ask = Ask(self._counter, piece.question, self._policy.pins, deadline, span.tool, text_form, selector)
            offers.append(self._floored(offer(span, sniff(span.text, span.tool), ask)))
        made = iter(with_priors(offers))
        return [self._exempt(piece, deadline) if piece.is_exempt else next(made) for piece in pieces]

    def _exempt(self, piece: Piece, deadline: Deadline) -> Offer:
        """Nothing but what an earlier turn already sent may be left out, whatever the budget."""
        span = piece.span
        ask = Ask(self._counter, piece.question, self._policy.pins, deadline, span.tool)
        reason = Skip(f"results of {span.tool} are exempt")
        return Offer(span, sniff(span.text, span.tool), ask, self._counter.count(span.text), reason, is_floor=True)

    def _floored(self, one: Offer) -> Offer:
        return one if self._terms is None else with_floor(one, self._terms)

    def _needed(self, turn: Turn, history: History, deadline: Deadline, most_tokens: int = MOST_TOKENS) -> Needed:
        """What the users' words in this turn need of what earlier turns left out."""
        words = "\n".join(span.text for span in turn.asked).strip()
        if not words or place_of(turn) is None:
            return Needed()
        return needed_of(history, Ask(self._counter, Question(words), self._policy.pins, deadline), most_tokens)

    def _folded(self) -> Folded:
        """The results so far, put together."""
        return folded_of(self._turns[: len(self._results)], self._results, self._tokens)

    def _tokens(self, turn: Turn) -> int:
        return self._memory.tokens(turn, self._counter)


def _in_order(pieces: Sequence[Piece], free: Settlement, exempt: Settlement) -> Settlement:
    """Both, in the order of the pieces."""
    both = (iter(zip(free.changes, free.reasons, strict=True)), iter(zip(exempt.changes, exempt.reasons, strict=True)))
    merged = [next(both[piece.is_exempt]) for piece in pieces]
    return Settlement(tuple(change for change, _ in merged), tuple(reason for _, reason in merged), free.fits)


def _whole(change: Change) -> Outcome:
    reason = "sent whole: supplying what a later question needs of it would cost more"
    return Outcome(change.content, None, change.tokens_before, change.tokens_before, reason)


def _patient(deadline: Deadline) -> Deadline:
    left_s = deadline.left_s()
    return deadline if left_s == float("inf") else Deadline.after(_PATIENCE * left_s, on_loop=deadline.on_loop)
