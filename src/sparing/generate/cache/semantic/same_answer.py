"""Whether two answers are the same answer: how an audit knows that a kept one would have done."""

from __future__ import annotations

from collections import Counter

from sparing.generate.cache.semantic.wording import take_apart

_SHARED = 0.8  # F1 over words


def same_answer(one: str, other: str) -> bool:
    """Equal but for case, spaces and punctuation; or with the same numbers and negations, and most words in common.

    Strict on purpose: taking two answers for different costs hits, taking them for the same would cost the bound. Long
    answers that a model words anew each time seldom pass.
    """
    here, there = take_apart(one), take_apart(other)
    if here.words == there.words:
        return bool(here.words) or one == other
    if sorted(here.numbers) != sorted(there.numbers) or here.negations != there.negations:
        return False
    if not here.cased or here.script != there.script:
        return False
    shared = (Counter(here.words) & Counter(there.words)).total()
    return 2 * shared >= _SHARED * (len(here.words) + len(there.words))
