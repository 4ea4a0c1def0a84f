"""Rows 2 and 3: does the evidence sentence survive among 20 paragraphs, in any of 12 languages?

XQuAD (Artetxe et al. 2020): SQuAD paragraphs and questions, translated by professionals. The paragraphs of the
question's own article are always among the 20; the rest are drawn from other articles. Gold is the shortest stretch
between sentence ends that holds the annotated answer (for Thai, which has no sentence ends, between spaces).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sparing.evals.data import Source, first_file, read_jsonl, read_text
from sparing.evals.task import Draw, Sample, Tally, Task
from sparing.evals.units import bounds, sentence_bounds

SOURCE = Source("xquad", "https://github.com/google-deepmind/xquad", "CC BY-SA 4.0", "xquad.<language>.json")
LANGUAGES = ("en", "ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
_PARAGRAPHS = 20
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentence that answers, and the answer itself, as they stand in the source."""

    sentence: str
    answer: str


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    title: str
    question: str
    paragraph: int
    answer: str
    start: int


def load(draw: Draw) -> list[Sample[Evidence]]:
    """n questions of one language (the option, default English), or n in all languages together (``all``)."""
    if draw.option == "all":
        share = -(-draw.n // len(LANGUAGES))
        return [s for lang in LANGUAGES for s in load(replace(draw, n=share, option=lang))]
    language = draw.option or "en"
    articles, queries = read(first_file(SOURCE, draw.data_dir, (f"{language}.jsonl", f"xquad.{language}.json")))
    paragraphs = [p for article in articles for p in article]
    article_of = [number for number, article in enumerate(articles) for _ in article]
    queries = [query for query in queries if draw.takes("xquad", query.title)]
    rng = random.Random(draw.seed)
    chosen = sorted(rng.sample(range(len(queries)), min(draw.n, len(queries))))
    return [_sample(queries[i], paragraphs, article_of, language, rng) for i in chosen]


def score(sample: Sample[Evidence], output: str) -> dict[str, Tally]:
    """Whether the evidence sentence is in the output, white space aside; and the answer alone."""
    flat = _flat(output)
    return {
        "evidence": Tally(float(_flat(sample.gold.sentence) in flat)),
        "answer": Tally(float(_flat(sample.gold.answer) in flat)),
    }


def evidence(paragraph: str, start: int, answer: str, language: str) -> str:
    """The shortest stretch between sentence ends that covers ``paragraph[start:start + len(answer)]``."""
    cuts = bounds(paragraph, _SPACES) if language == "th" else sentence_bounds(paragraph)
    first = max(cut for cut in cuts if cut <= start)
    last = min(cut for cut in cuts if cut >= start + len(answer))
    return paragraph[first:last].strip()


def _flat(text: str) -> str:
    return " ".join(text.split())


def _sample(
    query: Query, paragraphs: Sequence[str], article_of: Sequence[int], language: str, rng: random.Random
) -> Sample[Evidence]:
    own = article_of[query.paragraph]
    same = [i for i, article in enumerate(article_of) if article == own]
    others = [i for i, article in enumerate(article_of) if article != own]
    order = same + rng.sample(others, max(0, min(_PARAGRAPHS - len(same), len(others))))
    rng.shuffle(order)
    gold = evidence(paragraphs[query.paragraph], query.start, query.answer, language)
    text = "\n\n".join(paragraphs[i] for i in order) + "\n"
    return Sample(f"{language}-{query.id}", text, query.question, Evidence(gold, query.answer), language)


@lru_cache(maxsize=16)
def read(path: Path) -> tuple[list[list[str]], list[Query]]:
    """Articles as lists of paragraphs, and the questions with the index of their paragraph among all."""
    rows = _rows(path)
    articles = [row["paragraphs"] for row in rows if "paragraphs" in row]
    first = {title: sum(map(len, articles[:number])) for number, title in enumerate(titles(path))}
    return articles, [
        Query(
            row["id"],
            row["title"].split(" ", 1)[-1] if path.suffix == ".json" else row["title"],
            row["question"],
            first[row["title"]] + row["paragraph"],
            row["answers"][0]["text"],
            row["answers"][0]["start"],
        )
        for row in rows
        if "question" in row and row["title"] in first
    ]


def titles(path: Path) -> list[str]:
    """Of the articles, in their order."""
    return [row["title"] for row in _rows(path) if "paragraphs" in row]


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(path)) if path.suffix == ".jsonl" else _flattened(json.loads(read_text(path)))


def _flattened(squad: dict[str, Any]) -> list[dict[str, Any]]:
    """The published SQuAD layout as flat rows."""
    rows: list[dict[str, Any]] = []
    for number, article in enumerate(squad["data"]):
        title = f"{number} {article['title']}"
        rows.append({"title": title, "paragraphs": [p["context"] for p in article["paragraphs"]]})
        rows.extend(
            {
                "id": qa["id"],
                "title": title,
                "paragraph": index,
                "question": qa["question"],
                "answers": [{"text": a["text"], "start": a["answer_start"]} for a in qa["answers"]],
            }
            for index, paragraph in enumerate(article["paragraphs"])
            for qa in paragraph["qas"]
        )
    return rows


TASK = Task("xquad", 2, "XQuAD, 20 paragraphs", "evidence", (0.25, 0.10, 0.05), 200, load, score, SOURCE, splits=True)
