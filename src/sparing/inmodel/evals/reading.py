"""Questions about real text: contexts of several paragraphs of one article, as in SQuAD and XQuAD."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from sparing.inmodel.evals.contexts import Context, Count, Question


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text, and pairs of a question about it and the words that answer."""

    text: str
    questions: tuple[tuple[str, str], ...]


def reading(
    articles: Sequence[Sequence[Paragraph]], random: Random, tokens: int, count: Count, asked: int = 4
) -> Iterator[Context]:
    """One context per article, in random order: its paragraphs up to about `tokens`, `asked` questions about them."""
    for article in random.sample(articles, len(articles)):
        text = ""
        pairs: list[tuple[str, str]] = []
        for paragraph in article:
            if text and count(text + paragraph.text) > tokens:
                break
            text += paragraph.text + "\n\n"
            pairs += paragraph.questions
        chosen = random.sample(pairs, min(asked, len(pairs)))
        questions = (Question(f"{question} Answer briefly.", "", (answer,)) for question, answer in chosen)
        yield Context("reading", text, tuple(questions))
