"""An answer that is longer than it should be, made shorter by leaving out what was not asked for.

The planner, the reducers and the guards are those of every text. What is kept of an answer is kept byte for byte;
JSON, markup and code are never cut. Where the guards will not let go of more than the ceiling has room for, the answer
gets as short as they let it. Where nothing is offered (no time, no prose) it ends where a reader could stop; and where
that would lose what matters, it is left as it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision, Rendition
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change
from sparing.errors import RequestError
from sparing.finish.ends import Ends
from sparing.offer import Offer, offer
from sparing.select.choose import selector_for
from sparing.settings import PolicySettings
from sparing.settings.policy import Select
from sparing.settle import judge, settle
from sparing.tokens.models import DEFAULT_MODEL, counter_for

How = Literal["whole", "tightened", "rewritten", "stopped", "left"]


@dataclass(frozen=True, slots=True)
class Tightened:
    """An answer, and what became of it.

    Attributes:
        how: ``whole``: it was within the ceiling; ``tightened``: sentences, items or rows were left out; ``rewritten``:
            a model said it in fewer words; ``stopped``: it ends where a reader could stop, which may be a sentence past
            the ceiling; ``left``: it is longer and nothing may go.
        reason: Why it is still longer than the ceiling, or was not tightened; "" otherwise.
        elided: What was left out, as character ranges of the answer.
    """

    text: str
    how: How
    tokens_before: int
    tokens_after: int
    elided: tuple[Elision, ...]
    reason: str
    exact: bool

    @property
    def kept(self) -> float:
        """tokens_after / tokens_before, 0..1."""
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0


def tighten(
    answer: str,
    *,
    most_tokens: int,
    question: str = "",
    model: str = DEFAULT_MODEL,
    select: Select = "auto",
    deadline_s: float | None = None,
    sent: str = "",
) -> Tightened:
    """An answer within its ceiling, or as near as what matters lets it, made of its own sentences, items and rows.

    Args:
        most_tokens: What the answer should have at most.
        question: What was asked; without it what is central stays.
        model: Whose tokens to count.
        select: Who judges what the question needs; see `sparing.reduce_text`.
        deadline_s: Give up tightening after this long.
        sent: How the answer begins, where its reader has that already: it stays, but for blanks at its end.
    Raises:
        RequestError: A bad argument.
    """
    if isinstance(most_tokens, bool) or not isinstance(most_tokens, int) or most_tokens < 1:
        raise RequestError(f"most_tokens is {most_tokens!r}", hint="it is a number of tokens, 1 or more")
    counter = counter_for(model)
    before = counter.count(answer)
    if before <= most_tokens:
        return Tightened(answer, "whole", before, before, (), "", counter.exact)
    allowed_ms = PolicySettings().deadline_ms if deadline_s is None else 1000 * deadline_s
    asked = Question(question) if question.strip() else None
    selector = selector_for(select, allowed_ms) if asked else None
    deadline = Deadline.after(deadline_s) if deadline_s is not None else Deadline()
    pins = (sent.rstrip(),) if sent.strip() else ()
    ask = Ask(counter, asked, pins, deadline, selector=selector)
    one = offer(Span("answer", Kind.ASSISTANT, answer, None), Content.ANSWER, ask)
    settled = settle([one], most_tokens, pins)
    change, after = settled.changes[0], settled.tokens
    if after < before:
        reason = "" if after <= most_tokens else f"what may not go has {after:,} tokens"
        return Tightened(
            change.rendition.text, "tightened", before, after, change.rendition.elisions, reason, counter.exact
        )
    return _stopped(one, most_tokens, settled.reasons[0] or "all of it may not go", counter)


async def atighten(answer: str, **options: Any) -> Tightened:
    """`tighten` in a worker thread, so that the event loop keeps turning."""
    return await asyncio.to_thread(tighten, answer, **options)


def _stopped(one: Offer, most_tokens: int, reason: str, counter: Counter) -> Tightened:
    """The answer up to where it could end, or all of it where that would lose what may not go."""
    answer = one.span.text
    end = Ends(most_tokens, counter.count).feed_whole(answer)
    if end is None:
        return Tightened(answer, "left", one.tokens, one.tokens, (), f"{reason}; it has no end before", counter.exact)
    text, elided = answer[:end], (Elision(end, len(answer), 1),)
    after = counter.count(text)
    rendition = Rendition(text, after, 0.0, "parts", elided, "stop")
    change = Change(one.span, one.content, rendition, one.tokens, after, one.ask.question)
    objections = judge([change], one.ask.pins)
    if objections:
        why = f"{objections[0].guard}: {objections[0].why}"
        return Tightened(answer, "left", one.tokens, one.tokens, (), f"{reason}; ended, {why}", counter.exact)
    return Tightened(text, "stopped", one.tokens, after, elided, reason, counter.exact)
