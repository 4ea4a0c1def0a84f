"""Which tier a question needs, told by its form alone, before anyone is asked.

The aim is that of RouteLLM (Ong et al., arXiv 2406.18665): a share of requests goes to the strong model, those that
gain most from it. Its routers are trained on preferences; this one on outcomes, and it reads no more than the form of
the question (`question_form`). ``sparing eval routing`` says what that is worth.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from sparing.core.upstream import Answer, Call, Upstream
from sparing.generate.asked import newest_question
from sparing.generate.linear import Linear, shipped
from sparing.generate.question_form import form_of

_REMEMBERED = 1000  # scores: the share is one of the newest requests, whatever they are about
_RENEWED = 50  # requests after which the limit is worked out anew


class Router:
    """Says whether a question is among those that gain most from the strong model.

    Args:
        share: Of all questions, 0..1, that are sent there.
        model: Default: the one that comes with Sparing.
    """

    def __init__(self, share: float, model: Linear | None = None) -> None:
        self._share = share
        self._model = model or _model()
        self._seen: deque[float] = deque(self._model.quantiles, _REMEMBERED)  # until there is traffic of one's own
        self._limit = self._share_limit()
        self._since = 0

    def is_hard(self, question: str) -> bool:
        score = self._model.score(form_of(question))
        self._seen.append(score)
        self._since += 1
        if self._since >= _RENEWED:
            self._limit, self._since = self._share_limit(), 0
        return score > self._limit

    def _share_limit(self) -> float:
        scores = sorted(self._seen)
        spared = round((1 - self._share) * len(scores))
        ends = (float("-inf"), *scores[:-1], float("inf"))
        return ends[spared]


class Routed:
    """Sends hard questions to the strong upstream, all others to the weak one. Implements `core.upstream.Upstream`."""

    def __init__(self, weak: Upstream, strong: Upstream, router: Router) -> None:
        self._weak = weak
        self._strong = strong
        self._router = router

    async def send(self, call: Call) -> Answer:
        chosen = self._strong if self._router.is_hard(newest_question(call)) else self._weak
        return await chosen.send(call)

    async def aclose(self) -> None:
        await self._weak.aclose()
        await self._strong.aclose()


@lru_cache(maxsize=1)
def _model() -> Linear:
    return shipped("router")
