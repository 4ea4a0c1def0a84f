"""What two questions must have in common whatever a model of similarity says: one who asks for 2024 wants not 2023."""

from __future__ import annotations

from sparing.generate.cache.semantic.wording import Wording, weight


def disagreement(one: Wording, other: Wording) -> str:
    """What keeps an answer to one from being one to the other, "" if nothing does.

    Numbers and names have to be the same in the same order (who pays whom), with the same units; likewise negations,
    script and, as far as function words tell it, language. Where a script has no capitals that would tell names, all
    words that are no function words have to be the same.
    """
    if one.script != other.script or (one.language != other.language and one.language and other.language):
        return "language"
    if one.numbers != other.numbers or one.units != other.units:
        return "numbers"
    if one.negations % 2 != other.negations % 2:
        return "negation"
    if not one.cased:
        same = set(filter(_counts, one.words)) == set(filter(_counts, other.words))
        return "" if same else "words, in a script without capitals"
    return "" if _names_agree(one, other) and _names_agree(other, one) else "names"


def _counts(word: str) -> bool:
    return weight(word) == 1.0


def _names_agree(one: Wording, other: Wording) -> bool:
    """Whether the names of one stand among the words of the other, in the same order."""
    words = iter(other.words)
    return all(name in words for name in one.names)
