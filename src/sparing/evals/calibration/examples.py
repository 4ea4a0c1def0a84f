"""Texts of which it is known what a question needs of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from sparing.core.ladder import Rendition
from sparing.evals.literal import visible


@dataclass(frozen=True, slots=True)
class Example:
    """One text, and what is needed of it: `needed` or `spans`.

    Attributes:
        needed: All of these are needed; of each any form will do.
        spans: Character ranges of the text; a loss is the share of their characters.
        source: Data set.
        group: What it must not be split from: article, meeting, conversation.
        name: Of the tool or file, a hint for telling what the text is.
        is_result: Whether a tool gave it, so that its JSON may become another notation.
        trained_on: Whether models learned from its group: then it tells nothing of what they lose, only of the rules.
    """

    text: str
    question: str
    needed: tuple[tuple[str, ...], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    source: str = ""
    group: str = ""
    name: str = ""
    is_result: bool = False
    trained_on: bool = False

    def lost(self, rendition: Rendition) -> float:
        """Share of what is needed that a rendition lost: of strings all or nothing, of spans their characters."""
        if not self.spans:
            return float(any(not any(holds(rendition.text, form) for form in forms) for forms in self.needed))
        whole = sum(end - start for start, end in self.spans)
        gone = sum(
            max(0, min(end, elision.end) - max(start, elision.start))
            for start, end in self.spans
            for elision in rendition.elisions
        )
        return min(1.0, gone / whole) if whole else 0.0


def holds(text: str, needed: str) -> bool:
    """Whether a string stands in a text, as whole words; the blanks between its words may differ."""
    if visible(text, needed):
        return True
    return any(map(str.isspace, needed)) and " ".join(needed.split()) in " ".join(text.split())


def digest_of(examples: Iterable[Example]) -> str:
    """SHA-256 of examples in their order, in hex."""
    digest = sha256()
    for one in examples:
        digest.update(msgspec.json.encode(one) + b"\n")
    return digest.hexdigest()


def by_source(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """The examples of each data set, in order."""
    found: dict[str, list[Example]] = {}
    for one in examples:
        found.setdefault(one.source, []).append(one)
    return found
