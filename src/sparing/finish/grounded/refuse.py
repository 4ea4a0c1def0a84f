"""Saying no: when, and how."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.finish.grounded.claims import claims_of, says_nothing
from sparing.finish.grounded.sources import title
from sparing.retrieval import Retrieved, Source
from sparing.retrieve.search import Hit

# One for all embedders: chances mean the same (`retrieve.weights`). Of the validation questions of Natural Questions it
# refuses 3 % whose answer is there. Customers' questions, which share few words with a handbook, get lower chances: at
# a tenth a support desk refuses questions that it can answer. What it refuses without the article that answers:
# `sparing eval grounded`.
LEAST_CHANCE = 0.09
_MOST_NAMED = 5


def best_chance(hits: Sequence[Hit]) -> float:
    """That anything found answers, 0..1: that of the best passage."""
    return max((hit.score for hit in hits), default=0.0)


def hopeless(retrieved: Retrieved, least_chance: float) -> str:
    """Why nothing that was retrieved is likely to answer; "" where something is."""
    if not retrieved.sources:
        return retrieved.reason
    chance = best_chance(retrieved.fetched)
    if chance < least_chance:
        return f"no passage is likely to answer (best {chance:.2f}, needed {least_chance:.2f})"
    return ""


def refusal(sources: Sequence[Source]) -> str:
    """What is said instead of an answer: what was looked at, so that the reader can look elsewhere."""
    if not sources:
        return "I found nothing about this in what I may read."
    named = [title(source) for source in sources[:_MOST_NAMED]]
    more = len(sources) - len(named)
    rest = f" and {more} more" if more > 0 else ""
    return f"I found no answer to this in what I may read. I looked at {'; '.join(named)}{rest}."


def gave_up(answer: str) -> bool:
    """Whether an answer itself says no more than that the material does not hold one."""
    return not claims_of(answer) and (not answer.strip() or says_nothing(answer))
