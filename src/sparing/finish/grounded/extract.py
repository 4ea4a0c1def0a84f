"""An answer without a model: the sentences of the passages that answer best, word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.reducer import Deadline
from sparing.finish.citations import Checks, check_citations
from sparing.finish.grounded.answer import Grounded
from sparing.finish.grounded.refuse import LEAST_CHANCE, hopeless, refusal
from sparing.reducers.dependents import with_dependents
from sparing.reducers.evidence import evidence
from sparing.reducers.passages import lay_out
from sparing.reducers.words import WORD
from sparing.retrieval import Retrieved, Source
from sparing.select.choose import selector_for
from sparing.select.costs import WHATEVER_MS
from sparing.settings.policy import Select

MOST_SENTENCES = 3
# Of the best sentence's score: as good an answer, or what the answer does not hold without. Rules tell less apart.
_NEARLY, _NEARLY_BY_RULES = 0.7, 0.84
_NO_SENTENCE = re.compile(r"\s*(?:#{1,6}\s.*|\[…[^\]]*\]|[|\s:-]*)\s*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a passage as it stands there.

    Attributes:
        text: Letter for letter, blanks at the ends aside.
        score: Against the question; a chance 0..1 where the selector's models judged.
        by: Who judged.
    """

    source: Source
    text: str
    score: float
    by: str


def extract(
    question: str, sources: Sequence[Source], *, most: int = MOST_SENTENCES, select: Select = "auto"
) -> list[Sentence]:
    """The sentences that answer best, in the order of the passages; with them the exceptions that limit them.

    Args:
        most: Sentences; what only limits one of them counts too.
    """
    text, owners = _together(sources)
    layout = lay_out(text, Deadline())
    rules = evidence(text, layout, question, Deadline())
    judged = selector_for(select, WHATEVER_MS).judge(text, layout, question, rules, Deadline())
    scores = with_dependents(text, layout.bounds, judged.scores)
    found: list[tuple[int, Sentence]] = []
    for unit, score in enumerate(scores):
        start, end = layout.bounds[unit], layout.bounds[unit + 1]
        owner = next((source for source, first, last in owners if first <= start < last), None)
        said = text[start:end].strip()
        if owner is not None and WORD.search(said.lower()) and not _NO_SENTENCE.fullmatch(said):
            found.append((unit, Sentence(owner, said, score, judged.by)))
    nearly = _NEARLY if judged.sharpness else _NEARLY_BY_RULES
    best = max((sentence.score for _, sentence in found), default=0.0)
    good = sorted((one for one in found if one[1].score >= nearly * best > 0), key=lambda one: -one[1].score)
    return [sentence for _, sentence in sorted(good[:most], key=lambda one: one[0])]


def told(sentences: Sequence[Sentence]) -> str:
    """An answer made of them, each with its citation; tables and lists line by line."""
    lines: list[str] = []
    for sentence in sentences:
        cited = f"{sentence.text} [{sentence.source.number}]"
        own_line = sentence.text.startswith(("|", "-", "*")) or "\n" in sentence.text
        if lines and not own_line and not lines[-1].startswith(("|", "-", "*")):
            lines[-1] += f" {cited}"
        else:
            lines.append(cited)
    return "\n".join(lines)


def extracted(question: str, retrieved: Retrieved, least_chance: float = LEAST_CHANCE) -> Grounded:
    """The sentences of what was retrieved as an answer, or a refusal where nothing is likely to answer."""
    why = hopeless(retrieved, least_chance)
    answer = "" if why else told(extract(question, retrieved.sources))
    if not answer:
        why = why or "no sentence of the passages has to do with it"
        return Grounded(refusal(retrieved.sources), why, None, retrieved, "", widened=False)
    checked = check_citations(answer, retrieved.sources, checks=Checks("keep", attach=False))
    return Grounded(answer, "", checked, retrieved, answer, widened=False)


def _together(sources: Sequence[Source]) -> tuple[str, list[tuple[Source, int, int]]]:
    """One text of all passages under what stands above them, and where each passage lies in it."""
    text = ""
    owners = []
    for source in sources:
        text += f"{source.passage.heads.strip()}\n" if source.passage.heads.strip() else ""
        start = len(text)
        text += source.text.strip()
        owners.append((source, start, len(text)))
        text += "\n\n"
    return text, owners
