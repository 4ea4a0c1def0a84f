"""Sparing as a method: the public `reduce_text`, and single reducers for looking at one part alone."""

from __future__ import annotations

from bisect import bisect_right

from sparing import registry
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.evals.method import Method
from sparing.select.installed import installed
from sparing.settings.policy import Select
from sparing.tokens.models import DEFAULT_MODEL, counter_for


def sparing(part: str = "document", select: Select = "auto") -> Method:
    """What a user of the library gets for a text of this part of a conversation, content type found by sniffing.

    Args:
        select: Who judges what the question needs; methods of other tiers are called ``sparing_rules`` and so on.
    """

    def shorten(text: str, question: str, budget_tokens: int | None) -> str:
        from sparing.api import reduce_text
        from sparing.select.memo import READINGS

        READINGS.clear()  # every text at every budget is the first of its kind
        return reduce_text(text, query=question or None, budget=budget_tokens, part=part, select=select).text

    lacking = installed().missing.get(select, "")
    return Method("sparing" if select == "auto" else f"sparing_{select}", shorten, chooses=True, missing=lacking)


def single_reducer(name: str, part: str = "document") -> Method:
    """One reducer's ladder, at the longest rung within the budget; without a budget its last rung, which is lossless.

    Raises:
        SettingsError: No reducer has this name.
    """
    reducer = registry.load("reducers", name)

    def shorten(text: str, question: str, budget_tokens: int | None) -> str:
        asked = Question(question) if question else None
        ask = Ask(counter_for(DEFAULT_MODEL), asked, text_form=part == "tool_result")
        ladder = reducer.propose(text, ask)
        return text if isinstance(ladder, Skip) else _longest(ladder, budget_tokens, ask)

    return Method(f"reducer:{name}", shorten, chooses=True)


def _longest(ladder: Ladder, budget_tokens: int | None, ask: Ask) -> str:
    last = len(ladder.tokens) - 1
    if budget_tokens is None:
        return ladder.render(last).text
    rung = max(0, bisect_right(ladder.tokens, budget_tokens) - 1)
    text = ladder.render(rung).text
    while rung > 0 and ask.counter.count(text) > budget_tokens:  # the ladder's counts are estimates
        rung -= 1
        text = ladder.render(rung).text
    return text
