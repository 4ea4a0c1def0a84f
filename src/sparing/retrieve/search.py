"""Find the passages that answer: by words and by vectors, fused, the best judged by the encoder, each told once.

Pure but for the calls of the store and the embedder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sparing.core.deadline import Deadline
from sparing.core.passage import Passage, Rights
from sparing.core.store import Embedder, Scored, Store
from sparing.errors import RequestError, StoreError
from sparing.reducers.terms import ends
from sparing.retrieve.diverse import repeated
from sparing.retrieve.fuse import Found, Weights, fuse, measured
from sparing.retrieve.judge import Verdict, judge
from sparing.retrieve.weights import Fitted, fitted_for
from sparing.select import costs
from sparing.settings.policy import Select

DEPTH = 100  # rows that words and vectors give each
MOST_MEASURED = 48  # of the best, how long they are: none that is further down would come up
MOST_JUDGED = 12  # on validation questions the next twelve changed nothing
_SURE = 0.8  # of the best: of 243 validation questions reading then puts the right passage first in one more
_LEAST_BOOST, _MOST_BOOST = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        score: Chance, 0..1, that it answers, by the signs that `by` names, and boosted. Of words alone it tells who is
            ahead, not whether anything answers.
        by: What found it and who judged it, and why nobody better did: ``encoder (words 3, vectors 1)``,
            ``words 3, vectors 1 (not judged: the policy)``.
        also: Passages further down that say nothing beyond this one.
    """

    passage: Passage
    score: float
    by: str
    also: tuple[Passage, ...] = ()


def search(
    store: Store,
    embedder: Embedder | None,
    question: str,
    rights: Rights,
    *,
    limit: int = 10,
    boosts: Mapping[str, float] | None = None,
    select: Select = "auto",
    allowed_ms: float = costs.WHATEVER_MS,
    deadline: Deadline | None = None,
) -> list[Hit]:
    """The passages that best answer a question, best first; none where nothing was found, or may be read.

    Args:
        embedder: What made the store's vectors; None searches by words alone.
        limit: Most hits.
        boosts: Digest of a passage -> factor on the odds of its score; it counts between 1/2 and 2.
        select: Whether the encoder judges (``encoder``), does where words and vectors leave doubt (``auto``), or does
            not (``rules``, ``static``).
        allowed_ms: What the encoder's reading may cost by the constants of `select.costs`.
        deadline: When reading has to stop; the passages not read until then stay where words and vectors put them.
    Raises:
        RequestError: A limit below 1.
        StoreError: The store's vectors are of another model; it cannot be read.
        UpstreamError: A server that makes vectors did not.
    """
    if limit < 1:
        raise RequestError(f"limit is {limit}", hint="it is 1 or more")
    asked = ends(question)
    if not asked.strip():
        return []
    found = fetched(store, embedder, asked, rights)
    weights = fitted_for(embedder.name if embedder and any(one.vector_rank for one in found) else "", asked)
    best = _best(store, found, rights, weights.fused, limit)
    if select == "auto" and best and weights.fused.chance(best[0][0]) >= _SURE:
        verdict = Verdict((), "words and vectors leave little doubt")
    else:
        passages = [passage for _, passage in best[:MOST_JUDGED]]
        verdict = judge(asked, passages, select=select, allowed_ms=allowed_ms, deadline=deadline)
    return _told_once(_hits(best, weights, verdict, boosts or {}))[:limit]


def fetched(store: Store, embedder: Embedder | None, question: str, rights: Rights) -> list[Found]:
    """What words and vectors find, in no order that is meant. Raises as `search` does."""
    by_vector = _by_vector(store, embedder, question, rights)
    return fuse(store.by_words(question, rights, DEPTH), by_vector)


def _by_vector(store: Store, embedder: Embedder | None, question: str, rights: Rights) -> list[Scored]:
    if embedder is None:
        return []
    model = store.holdings(rights).model
    if not model:
        return []
    if model != embedder.name:
        raise StoreError(
            f"the store's vectors are of {model}, not of {embedder.name}",
            hint="name the embedder that made them, or index again",
        )
    return store.by_vector(embedder.embed([question])[0], rights, DEPTH)


def ranked(found: Iterable[Found], weights: Weights) -> list[Found]:
    """Best first, equals by row."""
    return sorted(found, key=lambda one: (-weights.chance(one), one.id))


def _best(
    store: Store, found: Sequence[Found], rights: Rights, weights: Weights, limit: int
) -> list[tuple[Found, Passage]]:
    """The best of what was found, once it is known how long they are."""
    ids = [one.id for one in ranked(found, weights)[: max(limit, MOST_MEASURED)]]
    passages = {passage.id: passage for passage in store.passages(ids, rights)}
    known = ranked((measured(one, passages[one.id]) for one in found if one.id in passages), weights)
    return [(one, passages[one.id]) for one in known[: max(limit, MOST_JUDGED)]]


def _hits(
    best: Sequence[tuple[Found, Passage]], weights: Fitted, verdict: Verdict, boosts: Mapping[str, float]
) -> list[Hit]:
    relevance = (*verdict.relevance, *(None,) * (len(best) - len(verdict.relevance)))
    hits = []
    for (one, passage), logit in zip(best, relevance, strict=True):
        chance = weights.fused.chance(one) if logit is None else weights.judged.chance(one, logit)
        hits.append(Hit(passage, boosted(chance, boosts.get(passage.digest, 1.0)), _by(one, logit, verdict.why)))
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))


def boosted(chance: float, factor: float) -> float:
    """A chance whose odds are multiplied by the factor, which counts within its bounds only."""
    factor = min(_MOST_BOOST, max(_LEAST_BOOST, factor))
    return chance * factor / (1.0 - chance + chance * factor)


def _by(found: Found, logit: float | None, why: str) -> str:
    ranks = (("words", found.word_rank), ("vectors", found.vector_rank))
    places = ", ".join(f"{name} {rank}" for name, rank in ranks if rank)
    if logit is not None:
        return f"encoder ({places})"
    return f"{places} (not judged: {why or f'below the best {MOST_JUDGED}'})"


def _told_once(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that say something new, each with those that do not."""
    of = repeated([_said(hit.passage) for hit in hits])
    also: dict[int, list[Passage]] = {}
    for hit, place in zip(hits, of, strict=True):
        if place is not None:
            also.setdefault(place, []).append(hit.passage)
    return [replace(hit, also=tuple(also.get(place, ()))) for place, hit in enumerate(hits) if of[place] is None]


def _said(passage: Passage) -> str:
    """What is told by a passage: not what its file is called, which is all that copies differ in."""
    name = passage.source.rpartition("/")[2]
    heads = "\n".join(head for head in passage.heads.split("\n") if head != name)
    return f"{heads}\n{passage.text}"
