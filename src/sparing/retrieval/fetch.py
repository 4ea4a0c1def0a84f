"""From a question and a store to the passages that are sent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sparing.core.deadline import Deadline
from sparing.core.passage import Rights
from sparing.core.store import Embedder, Store
from sparing.errors import RequestError
from sparing.retrieval.planning import Planner
from sparing.retrieval.sources import Retrieved
from sparing.retrieve.search import Hit, search
from sparing.retrieve.stitch import Piece, stitch
from sparing.settings import PolicySettings
from sparing.tokens.models import DEFAULT_MODEL, counter_for

FETCHED = 24
_LEAST_SHARE = 0.003  # of the best one's chance: on validation questions no passage that answers alone had less
_LEAST_CHANCE = 0.003  # of the best: on validation questions hardly one whose answer is there has less
_SEARCH_SHARE = 0.5  # of the policy's deadline, for the encoder to judge passages


def retrieve(
    store: Store,
    embedder: Embedder | None,
    question: str,
    rights: Rights,
    *,
    budget_tokens: int,
    model: str = DEFAULT_MODEL,
    boosts: Mapping[str, float] | None = None,
    policy: PolicySettings | None = None,
    limit: int = FETCHED,
    deadline: Deadline | None = None,
) -> Retrieved:
    """Fetch passages for a question and choose what to send of them.

    Args:
        budget_tokens: Most tokens that the passages may have together, headings and numbers included.
        model: Whose tokens to count.
        boosts: See `search`.
        policy: Its `select`, `risk`, `pins` and `deadline_ms` count. A risk holds for what is sent of a passage; it
            says nothing of passages that are not sent.
        limit: Most passages to fetch.
        deadline: When to be done with what may take long; what is not judged until then stays with cheaper ways.
    Raises:
        RequestError: A budget or a limit below 1.
        StoreError, UpstreamError: See `search`.
    """
    if budget_tokens < 1:
        raise RequestError(f"budget_tokens is {budget_tokens}", hint="it is 1 or more")
    policy = policy or PolicySettings()
    deadline = deadline or Deadline()
    allowed_ms = _SEARCH_SHARE * policy.deadline_ms
    hits = search(
        store,
        embedder,
        question,
        rights,
        limit=limit,
        boosts=boosts,
        select=policy.select,
        allowed_ms=allowed_ms,
        deadline=deadline,
    )
    counter = counter_for(model)
    found = Retrieved(question, (), tuple(hits), 0, budget_tokens, exact=counter.exact)
    if not hits:
        return replace(found, reason="nothing was found that this caller may read")
    if hits[0].score < _LEAST_CHANCE:
        left = tuple((hit, _unlikely(hit)) for hit in hits)
        return replace(found, left_out=left, reason="nothing that was found is likely to answer")
    least = _LEAST_SHARE * hits[0].score
    likely = {hit.passage.id: hit for hit in hits if hit.score >= least}
    pieces = stitch([hit.passage for hit in likely.values()], lambda passage: store.around(passage, rights))
    chances = [_any_of(piece, likely) for piece in pieces]
    sources = Planner(question, pieces, chances, counter, policy, deadline).within(budget_tokens)
    sent = {part.id for source in sources for part in source.parts}
    left = tuple((hit, _why_not(hit, least, budget_tokens)) for hit in hits if hit.passage.id not in sent)
    reason = "" if sources else f"no passage fits {budget_tokens:,} tokens"
    chosen = replace(found, sources=sources, left_out=left, reason=reason)
    return replace(chosen, tokens=counter.count(chosen.text))


def _any_of(piece: Piece, hits: Mapping[int, Hit]) -> float:
    """The chance that any part of a piece holds the answer, as if each might by itself."""
    scores: Iterable[float] = (hits[part.id].score for part in piece.parts if part.id in hits)
    return 1.0 - math.prod(1.0 - score for score in scores)


def _why_not(hit: Hit, least: float, budget_tokens: int) -> str:
    return _unlikely(hit) if hit.score < least else f"others are worth more within {budget_tokens:,} tokens"


def _unlikely(hit: Hit) -> str:
    return f"unlikely to hold the answer: {100 * hit.score:.2g} %"
