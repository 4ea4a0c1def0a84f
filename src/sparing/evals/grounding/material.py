"""True claims: sentences, statements and short answers whose passage is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sparing.evals.data import first_file
from sparing.evals.splits import split_of
from sparing.evals.task import Draw
from sparing.evals.tasks import tatqa, xquad
from sparing.reducers.sentences import sentence_bounds

_SUBJECT = re.compile(
    r"(?:Who|What|Which(?: \w+){1,3}|What (?:\w+ )?(?:company|team|city|country|group|type|kind|war|river|king|year))"
    r" (?!do|did|does|was the|is the|are the|were the|can|could|will|would)(?P<rest>\w+ .{8,})\?"
)
_WHAT_IS = re.compile(r"What (?P<verb>is|was|are|were) (?P<rest>(?:the|its) .{8,})\?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """What a passage says.

    Attributes:
        kind: ``sentence`` as it stands there, ``joined`` with another one, ``statement`` made of
            question and answer, ``short``: the answer alone.
        group: Article or report: other passages of it are near misses.
    """

    kind: str
    question: str
    claim: str
    passage: str
    group: str


def facts(draw: Draw, name: str) -> list[Fact]:
    """All of a data set that the draw's split takes."""
    return list({"xquad": _xquad, "tatqa": _tatqa}[name](draw))


def _xquad(draw: Draw) -> Iterator[Fact]:
    language = draw.option or "en"
    file = first_file(xquad.SOURCE, draw.data_dir, (f"{language}.jsonl", f"xquad.{language}.json"))
    articles, queries = xquad.read(file)
    paragraphs = [paragraph for article in articles for paragraph in article]
    for query in queries:
        if not draw.takes("xquad", query.title):
            continue
        passage = paragraphs[query.paragraph]
        sentence = xquad.evidence(passage, query.start, query.answer, language)
        yield Fact("sentence", query.question, sentence, passage, query.title)
        yield Fact("short", query.question, query.answer, passage, query.title)
        if joined := _joined(sentence, passage):
            yield Fact("joined", query.question, joined, passage, query.title)
        if match := _SUBJECT.fullmatch(query.question):
            said = f"{query.answer[:1].upper()}{query.answer[1:]} {match['rest']}."
            yield Fact("statement", query.question, said, passage, query.title)


def _joined(sentence: str, passage: str) -> str:
    """The sentence and the one after the next of its passage as one, as answers put things together."""
    bounds = sentence_bounds(passage)
    others = [passage[a:b].strip() for a, b in pairwise(bounds)]
    at = next((at for at, other in enumerate(others) if sentence.startswith(other) or other in sentence), None)
    if at is None or at + 2 >= len(others) or len(others[at + 2]) < 30:
        return ""
    return f"{sentence.rstrip('.')}, and {others[at + 2]}"


def _tatqa(draw: Draw) -> Iterator[Fact]:
    for report in tatqa.read_reports(first_file(tatqa.SOURCE, draw.data_dir, ("dev.json", "tatqa_dataset_dev.json"))):
        uid = report["table"]["uid"]
        if draw.split is not None and split_of("tatqa", uid) != draw.split:
            continue
        passage = tatqa.written(report)
        for asked in report["questions"]:
            answers = asked["answer"] if isinstance(asked["answer"], list) else [asked["answer"]]
            if asked["answer_type"] != "span" or len(answers) != 1:
                continue
            answer, question = str(answers[0]), asked["question"]
            yield Fact("short", question, answer, passage, uid)
            if (match := _WHAT_IS.fullmatch(question)) and len(answer) < 80:
                yield Fact("statement", question, f"T{match['rest'][1:]} {match['verb']} {answer}.", passage, uid)
