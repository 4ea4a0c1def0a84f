"""The weak model first, where that pays; its answer is judged before anyone sees it, the strong one asked if need be.

The idea is FrugalGPT's (Chen et al., arXiv 2305.05176): a judge decides whether an answer will do. Here the judge
learns from the cascade's own traffic (`confidence`), it reads the request beside the answer (`signals`), and what a
failed try costs decides whether to try at all. A streaming caller waits until the weak answer is whole and judged, or
until its beginning is judged good enough, `wait_s` at most; the strong answer streams as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sparing.core.upstream import Answer, Call, Upstream, lost, may_ask
from sparing.errors import ModelMissing, UpstreamError
from sparing.generate.agree import agree
from sparing.generate.asked import Asked, read_asked
from sparing.generate.begun import Begun
from sparing.generate.breaker import Breaker
from sparing.generate.confidence import Confidence
from sparing.generate.draft import Draft, read_draft
from sparing.generate.drafted import answer_tokens, may_be_shown, pays
from sparing.generate.escalate import AddWords, Compared, Escalation, ReadUsage, Showing, Tried
from sparing.generate.held import Held, hold_unless
from sparing.generate.signals import NAMES, head_of, signals_of, veto
from sparing.generate.traffic import Classes, Traffic
from sparing.generate.votes import Vary, Votes

_LENGTHS = (200, 1000, 5000, 50_000)  # characters: requests of one class are of one size and form
_COMPARED_FIRST = 60  # of a class, before drafts are shown: what the judge learns from are answers given without one
_SHOWN = 4  # of so many and one escalations a draft is shown in so many, for the same reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator asks of a cascade.

    Attributes:
        good_enough: Share of the weak answers that are passed on, 0..1, that the strong model has to agree with.
        wait_s: Longest wait for a weak answer.
        price: Of a weak answer, where a strong one costs 1.
        output_price: Of a token that the strong model says, where one that it reads costs 1.
        draft: Whether the strong model is shown a weak answer that is not enough: where that pays, wherever it can be,
            or not at all.
        samples: Most answers that are drawn beside one, where its chances are not told; 0: none.
        early: Whether a stream is let go as soon as its beginning is judged good enough.
    """

    good_enough: float = 0.9
    wait_s: float = 10.0
    price: float = 0.1
    output_price: float = 4.0
    draft: Showing = "never"
    samples: int = 0
    early: bool = False


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Requests written anew, as the wire formats have it.

    Attributes:
        add_words: With words at the end of the prompt; None where there is no place for them.
        vary: So that the answer is drawn at random; None where it cannot be.
    """

    add_words: AddWords = lambda _call, _words: None
    vary: Vary = lambda _call: None


class Cascade:
    """A weak and a strong upstream as one. Implements `core.upstream.Upstream`.

    Requests with tools go to the strong one: what a call of a tool does cannot be judged before it is made.

    Args:
        terms: For all, and by the name of the policy for those under one that has its own.
        read_usage: What the body of an answer says that it cost.
        classes: What is learned, if that is shared or kept; it is saved when this is closed.
        new_confidence: Makes what is known of one class of traffic, when it is first seen.
    """

    def __init__(
        self,
        weak: Upstream,
        strong: Upstream,
        terms: Terms,
        read_usage: ReadUsage,
        new_confidence: Callable[[], Confidence] | None = None,
        *,
        own_terms: Mapping[str, Terms] | None = None,
        rewrite: Rewrite | None = None,
        classes: Classes | None = None,
    ) -> None:
        self._weak = weak
        self._strong = strong
        self._terms = terms
        self._own_terms = own_terms or {}
        rewrite = rewrite or Rewrite()
        self._escalation = Escalation(strong, read_usage, rewrite.add_words)
        self._votes = Votes(weak, rewrite.vary, read_usage)
        self._new = new_confidence
        self._classes = Classes(None, NAMES) if classes is None else classes
        self._slowness = Breaker()  # so that not every caller waits in vain for a weak model that is stuck
        self._escalated = 0

    async def send(self, call: Call) -> Answer:
        asked = read_asked(call.body)
        if asked.has_tools or not asked.question or call.method != "POST":
            return await self._strong.send(call)
        terms = self._own_terms.get(call.policy, self._terms)
        traffic = self._classes.of(class_of(call, asked), lambda: self._confidence(terms))
        is_tried = traffic.whole.is_worth_trying() and not self._slowness.wait_s()  # else nothing is set aside for it
        if not is_tried or not await may_ask(call):
            return await self._strong.send(call)
        ticket = self._slowness.admit()
        if ticket is None:
            return await self._strong.send(call)
        held = await self._tried(call, asked, ticket, traffic, terms)
        if isinstance(held, Begun):
            traffic.whole.released()
            return held
        if held is None or held.status != 200:
            traffic.whole.rejected()
            tries = 1 if held is None else held.served.tries
            return await self._escalation.plain(call, Tried(held, tries=tries))
        return await self._judged(call, asked, held, traffic, terms)

    async def aclose(self) -> None:
        self._classes.save()
        await self._weak.aclose()
        await self._strong.aclose()

    def _confidence(self, terms: Terms) -> Confidence:
        if self._new is not None:
            return self._new()
        return Confidence(len(NAMES), terms.good_enough, terms.price)

    async def _tried(
        self, call: Call, asked: Asked, ticket: int, traffic: Traffic, terms: Terms
    ) -> Held | Begun | None:
        """The weak answer, whole, or its beginning where that is enough; None where there is none in time."""
        failed: bool | None = None
        started_s = asyncio.get_running_loop().time()
        looks = terms.early and call.stream and not asked.wants_json

        def let_go(read: bytes) -> bool:
            nonlocal looks
            head = head_of(read_draft(call.wire, read)) if looks else None
            if head is None:
                return False
            looks = False  # once: what a second look is worth would have to be learned by itself
            enough = not veto(asked, head) and traffic.head.is_enough(signals_of(asked, head))
            return enough and not traffic.head.is_explored()

        try:
            async with asyncio.timeout(terms.wait_s):
                answer = await self._weak.send(call)
            taken_s = asyncio.get_running_loop().time() - started_s
            looks = looks and answer.status == 200
            held = await hold_unless(answer, terms.wait_s - taken_s, let_go)
            failed = held is None
            if held is None:
                lost(call)
        except TimeoutError:
            failed = True
            lost(call)
            return None
        except (UpstreamError, ModelMissing):
            failed = True
            return None
        else:
            return held
        finally:
            self._slowness.done(ticket, failed=failed)

    async def _judged(self, call: Call, asked: Asked, held: Held, traffic: Traffic, terms: Terms) -> Answer:
        draft = read_draft(call.wire, held.body)
        cost = self._escalation.cost(held.body, held.served.model or call.model, held.served.provider)
        tried = Tried(held, draft, cost, tries=held.served.tries)
        if veto(asked, draft):
            traffic.whole.rejected()
            self._learn_head(asked, draft, traffic, agreed=False)
            return await self._escalation.plain(call, tried)
        self._votes.tried()
        if terms.samples and not draft.logprobs and not traffic.whole.is_enough(signals_of(asked, draft)):
            poll = await self._votes.poll(call, draft, terms.samples, terms.wait_s)
            if poll is not None:
                draft.agreement = poll.agreement
                tried = Tried(held, draft, cost, poll.spent, held.served.tries + poll.calls)
        signals = signals_of(asked, draft)
        if traffic.whole.takes(signals, tried.tries):
            return tried.passed_on()
        if self._shows(asked, draft, traffic, terms):
            return await self._escalation.shown(call, tried, lambda kept: traffic.shown(kept=kept))

        def compare(strong: str) -> None:
            agreed = agree(draft.text, strong)
            traffic.whole.learn(signals, agreed)
            self._learn_head(asked, draft, traffic, agreed=agreed)
            self._classes.compared()

        return Compared(await self._escalation.plain(call, tried), call.wire, compare)

    def _shows(self, asked: Asked, draft: Draft, traffic: Traffic, terms: Terms) -> bool:
        """Whether the strong model is shown this answer."""
        if terms.draft == "never" or not may_be_shown(asked, draft):
            return False
        self._escalated += 1
        if traffic.whole.num_compared < _COMPARED_FIRST or self._escalated % (_SHOWN + 1) == 0:
            return False
        return terms.draft == "always" or pays(answer_tokens(draft), traffic.kept_share, terms.output_price)

    @staticmethod
    def _learn_head(asked: Asked, draft: Draft, traffic: Traffic, *, agreed: bool) -> None:
        head = head_of(draft)
        if head is not None:
            traffic.head.learn(signals_of(asked, head), agreed)


def class_of(call: Call, asked: Asked) -> str:
    """The class of traffic of a request: its policy, its wire format, the form of its answer and its size."""
    size = sum(len(asked.text) > length for length in _LENGTHS)
    return f"{call.policy} {call.wire} {'json' if asked.wants_json else 'text'} {size}".lstrip()
