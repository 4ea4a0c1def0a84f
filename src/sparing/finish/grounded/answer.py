"""From a question to an answer that stands on passages: fetch, ask, check; look wider once; else say no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sparing.finish.citations import Checked, Checks, check_citations
from sparing.finish.grounded.prompt import GroundedPrompt, grounded_prompt
from sparing.finish.grounded.refuse import LEAST_CHANCE, gave_up, hopeless, refusal
from sparing.retrieval import Retrieved

WIDER = 3.0
SMALL_BUDGET_TOKENS = 500  # more than a few passages, and a very small model loses the thread

Fetch = Callable[[int], Awaitable[Retrieved]]
Ask = Callable[[GroundedPrompt], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Grounding:
    """How an answer is grounded.

    Attributes:
        budget_tokens: Of the passages.
        least_chance: No model is asked where no passage answers with at least this chance; 0 asks always.
        wider: Where nothing in the answer is borne out, once more with so many times the budget; 1 does not.
        small: The model is too small to cite: see `grounded_prompt`.
        check: Whether the answer is held to the passages at all.
    """

    budget_tokens: int
    least_chance: float = LEAST_CHANCE
    wider: float = WIDER
    small: bool = False
    check: bool = True
    checks: Checks = field(default_factory=Checks)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer and what it stands on.

    Attributes:
        answer: What is shown: the checked answer, or the refusal.
        abstained: Why there is none; "" where there is one.
        checked: Of the last answer; None where no model was asked, or nothing was to be checked.
        said: The last answer as the model wrote it.
        widened: Whether a larger budget was tried.
    """

    answer: str
    abstained: str
    checked: Checked | None
    retrieved: Retrieved
    said: str
    widened: bool


async def grounded_answer(question: str, fetch: Fetch, ask: Ask, grounding: Grounding) -> Grounded:
    """Answer from what is fetched, or refuse.

    Args:
        fetch: Tokens of a budget -> what was retrieved within it.
        ask: The model.
    """
    retrieved = await fetch(grounding.budget_tokens)
    if why := hopeless(retrieved, grounding.least_chance):
        return Grounded(refusal(retrieved.sources), why, None, retrieved, "", widened=False)
    tried = await _try(question, retrieved, ask, grounding, widened=False)
    if not tried.abstained or grounding.wider <= 1:
        return tried
    wider = await fetch(round(grounding.budget_tokens * grounding.wider))
    if [source.text for source in wider.sources] == [source.text for source in retrieved.sources]:
        return tried  # there is no more to read
    return await _try(question, wider, ask, grounding, widened=True)


async def _try(question: str, retrieved: Retrieved, ask: Ask, grounding: Grounding, *, widened: bool) -> Grounded:
    said = (await ask(grounded_prompt(question, retrieved, small=grounding.small))).strip()
    if not grounding.check:
        return Grounded(said, "", None, retrieved, said, widened)
    checked = check_citations(said, retrieved.sources, question=question, checks=grounding.checks)
    why = ""
    if gave_up(said):
        why = "the model found no answer"
    elif checked.claims and not checked.grounded:
        why = "nothing in the model's answer is borne out by the passages"
    shown = refusal(retrieved.sources) if why else checked.answer
    return Grounded(shown, why, checked, retrieved, said, widened)
