"""Pools of passages with questions and the passages that answer them.

xquad: the paragraphs of all articles of a language; gold is the paragraph a question was asked about. nq: the gold
passages of all questions, each distinct one once; nq:untitled: the same without their titles; nq:sentences: their
sentences, each under its title, gold are those that hold an answer, so that what stands beside the answer does not
count. tatqa: paragraphs and tables of all reports; gold are those that the
answer was taken from. qmsum: stretches of whole turns, about 1,000 characters each, of the meetings of the chosen
parts; gold are those of which at least half lies in the annotated spans, or that hold half of them. Questions of qmsum
and tatqa do not name their meeting or report, so other meetings and reports answer some of them as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sparing.core.content import Content
from sparing.core.passage import headed
from sparing.evals.data import Source, first_file, folder, read_text
from sparing.evals.splits import Split, split_of
from sparing.evals.tasks import nq, qmsum, tatqa, xquad
from sparing.reducers.sentences import sentence_bounds

_WINDOW_CHARS = 1_000
ALL: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Text:
    """A passage of a pool.

    Attributes:
        article: What it is a passage of, where one article answers a question and no other does.
    """

    text: str
    heads: str = ""
    article: str = ""
    content: Content = Content.PROSE

    @property
    def whole(self) -> str:
        """What stands above it, and the text."""
        return headed(self.heads, self.text)


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the places of the passages that answer it."""

    question: str
    gold: frozenset[int]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool:
    name: str
    texts: list[Text] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)


def pools(data_dir: Path, splits: Collection[Split], names: Collection[str] = ()) -> Iterator[Pool]:
    """Pools with the questions of groups in these parts of the data; all, or those of these names.

    Raises:
        SettingsError: A set is missing.
    """
    makers: dict[str, Callable[[], Pool]] = {"nq": lambda: _nq(data_dir, splits)}
    makers["nq:untitled"] = lambda: _nq_untitled(data_dir, splits)
    makers["nq:sentences"] = lambda: _nq_sentences(data_dir, splits)
    makers["tatqa"] = lambda: _tatqa(data_dir, splits)
    makers["qmsum"] = lambda: _qmsum(data_dir, splits)
    for language in xquad.LANGUAGES:
        makers[f"xquad:{language}"] = lambda language=language: _xquad(data_dir, splits, language)  # type: ignore[misc]
    for name, make in makers.items():
        if not names or name in names:
            yield make()


SOURCES: Mapping[str, Source] = {"nq": nq.SOURCE, "tatqa": tatqa.SOURCE, "qmsum": qmsum.SOURCE, "xquad": xquad.SOURCE}


def _nq(data_dir: Path, splits: Collection[Split]) -> Pool:
    pool = Pool("nq")
    places: dict[Text, int] = {}
    for passage in nq.passages(data_dir):
        place = places.setdefault(Text(passage.text, passage.title, passage.title), len(places))
        if split_of("nq", passage.title) in splits:
            pool.queries.append(Query(passage.question, frozenset({place}), passage.answers))
    pool.texts.extend(places)
    return pool


def _nq_untitled(data_dir: Path, splits: Collection[Split]) -> Pool:
    whole = _nq(data_dir, splits)
    return Pool("nq:untitled", [Text(text.text, article=text.article) for text in whole.texts], whole.queries)


def _nq_sentences(data_dir: Path, splits: Collection[Split]) -> Pool:
    whole = _nq(data_dir, splits)
    pool = Pool("nq:sentences")
    sentences = []
    for text in whole.texts:
        bounds = sentence_bounds(text.text)
        told = [text.text[a:b].strip() for a, b in zip(bounds, bounds[1:], strict=False)]
        sentences.append(range(len(pool.texts), len(pool.texts) + len(told)))
        pool.texts.extend(replace(text, text=one) for one in told)
    for query in whole.queries:
        near = [at for place in query.gold for at in sentences[place]]
        if gold := frozenset(at for at in near if nq.holds_answer(pool.texts[at].text, query.answers)):
            pool.queries.append(replace(query, gold=gold))
    return pool


def _xquad(data_dir: Path, splits: Collection[Split], language: str) -> Pool:
    names = (f"{language}.jsonl", f"xquad.{language}.json")
    articles, queries = xquad.read(first_file(xquad.SOURCE, data_dir, names))
    pool = Pool(
        f"xquad:{language}", [Text(text, article=str(at)) for at, article in enumerate(articles) for text in article]
    )
    for query in queries:
        if split_of("xquad", query.title) in splits:
            pool.queries.append(Query(query.question, frozenset({query.paragraph}), (query.answer,)))
    return pool


def _tatqa(data_dir: Path, splits: Collection[Split]) -> Pool:
    path = first_file(tatqa.SOURCE, data_dir, ("dev.json", "tatqa_dataset_dev.json"))
    pool = Pool("tatqa")
    for report in json.loads(read_text(path)):
        places = {}
        for paragraph in report["paragraphs"]:
            places[str(paragraph["order"])] = len(pool.texts)
            pool.texts.append(Text(paragraph["text"].strip()))
        table = len(pool.texts)
        pool.texts.append(Text(tatqa.written({"table": report["table"], "paragraphs": []}).strip()))
        if split_of("tatqa", report["table"]["uid"]) not in splits:
            continue
        for question in report["questions"]:
            gold = {places[str(order)] for order in question["rel_paragraphs"] if str(order) in places}
            gold |= {table} if "table" in question["answer_from"] else set()
            if gold:
                pool.queries.append(Query(question["question"], frozenset(gold)))
    return pool


def _qmsum(data_dir: Path, splits: Collection[Split]) -> Pool:
    pool = Pool("qmsum")
    for path in sorted(folder(qmsum.SOURCE, data_dir).glob("*.jsonl")):
        windows: dict[str, list[tuple[int, int, int]]] = {}
        for meeting, sample in qmsum.queries(path):
            if split_of("qmsum", meeting) not in splits:
                continue
            if meeting not in windows:
                first = len(pool.texts)
                windows[meeting] = [(first + at, a, b) for at, (a, b) in enumerate(turn_windows(sample.text))]
                pool.texts.extend(Text(sample.text[a:b], content=Content.DIALOGUE) for _, a, b in windows[meeting])
            size = sum(end - start for start, end in sample.gold)
            gold = {at for at, a, b in windows[meeting] if 2 * _shared(a, b, sample.gold) >= min(b - a, size)}
            if gold:
                pool.queries.append(Query(sample.question, frozenset(gold)))
    return pool


def turn_windows(transcript: str) -> list[tuple[int, int]]:
    """Character ranges of whole turns, one a line, in order; each of about 1,000 characters, a longer turn alone."""
    found: list[tuple[int, int]] = []
    start = at = 0
    for line in transcript.splitlines(keepends=True):
        if at > start and at - start + len(line) > _WINDOW_CHARS:
            found.append((start, at))
            start = at
        at += len(line)
    return [*found, (start, at)] if at > start else found


def _shared(a: int, b: int, spans: qmsum.Spans) -> int:
    return sum(max(0, min(b, end) - max(a, start)) for start, end in spans)
