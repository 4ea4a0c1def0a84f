"""Which tier a question needs, told by its form alone, before anyone is asked.

The aim is that of RouteLLM (Ong et al., arXiv 2406.18665): a share of requests goes to the strong model, those that
gain most from it. Its routers are trained on preferences; this one on outcomes, and it reads no more than the form of
the question (`question_form`). ``sparing eval routing`` says what that is worth.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from functools import lru_cache

from sparing.core.upstream import Answer, Call, Upstream
from sparing.generate.asked import newest_question
from sparing.generate.linear import Linear, shipped
from sparing.generate.question_form import form_of

_REMEMBERED = 1000  # scores: the share is one of the newest requests, whatever they are about


class Router:
    """Says whether a question is among those that gain most from the strong model.

    Args:
        share: Of all questions, 0..1, that are sent there.
        model: Default: the one that comes with Sparing.
    """

    def __init__(self, share: float, model: Linear | None = None) -> None:
        self._share = share
        self._model = model or _model()
        self._seen: deque[float] = deque(self._model.quantiles)  # until there is traffic of one's own
        self._ordered = sorted(self._seen)

    def is_hard(self, question: str) -> bool:
        score = self._model.score(form_of(question))
        if len(self._seen) == _REMEMBERED:
            del self._ordered[bisect_left(self._ordered, self._seen.popleft())]
        self._seen.append(score)
        insort(self._ordered, score)
        spared = round((1 - self._share) * len(self._ordered))
        return self._share > 0 and (spared == 0 or score > self._ordered[spared - 1])


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
