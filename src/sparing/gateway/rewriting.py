"""Having a model say an answer in fewer words, where the policy lets it; what it says is held to the answer."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from sparing.errors import SparingError
from sparing.finish.reworded import PROMPT, SENT, begun, may_be_reworded, not_in
from sparing.finish.tighten import Tightened
from sparing.gateway.side_calls import SideCalls
from sparing.tokens.models import counter_for

log = logging.getLogger("sparing.gateway")

_WAIT_S = 20.0
_WORDS_PER_TOKEN = 0.7
_FEWEST_TOKENS = 16  # nobody says anything in fewer
_REASON = "a shorter answer, asked for by Sparing"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The answers of one request. Implements `tightening.Shorter`.

    Args:
        model: Who is asked.
        counted_as: Whose tokens count.
        tokens: What an answer should have at most.
        pool: Where what it says is checked.
    """

    side: SideCalls
    model: str
    counted_as: str
    tokens: int
    pool: Executor

    async def __call__(self, answer: str, sent: str, question: str) -> Tightened | None:
        """The answer as the model says it; None where it does not, or says what the answer does not bear out."""
        in_pool = asyncio.get_running_loop().run_in_executor
        if not await in_pool(self.pool, may_be_reworded, answer):
            return None
        counter = counter_for(self.counted_as)
        head = begun(answer, sent)
        room = self.tokens - counter.count(head)
        if room < _FEWEST_TOKENS:
            return None
        prompt = PROMPT.format(words=int(room * _WORDS_PER_TOKEN), question=question, answer=answer)
        if head:
            prompt += SENT.format(sent=head)
        try:
            async with asyncio.timeout(_WAIT_S):
                short = await self.side.ask(prompt, model=self.model, max_tokens=room, reason=_REASON)
        except (SparingError, TimeoutError) as error:
            log.warning("no shorter answer: %s", error)
            return None
        why = await in_pool(self.pool, partial(not_in, short, answer))
        if why:
            log.info("the shorter answer is not taken: %s", why)
            return None
        rest = answer[len(head) :]
        text = f"{head}{rest[: len(rest) - len(rest.lstrip())] if head else ''}{short}"
        before, after = counter.count(answer), counter.count(text)
        if after > self.tokens or after >= before:
            return None
        return Tightened(text, "rewritten", before, after, (), "", counter.exact)
