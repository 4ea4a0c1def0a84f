"""Examples from public data whose licences allow what is shipped, by the part of the data they belong to.

XQuAD and Natural Questions as the scoreboard builds them, in several lengths, a translated question in one language
only; QMSum's meetings; TAT-QA's tables, and reports made of several of them; the tool results of tau-bench with the
values that are used later. What surrounds the evidence comes from the same part of the data as the evidence.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sparing.evals.bm25 import Bm25
from sparing.evals.calibration.examples import Example, holds
from sparing.evals.data import Source, first_file, folder, read_text
from sparing.evals.splits import Split, split_of
from sparing.evals.task import Draw
from sparing.evals.tasks import nq, qmsum, tau_bench, xquad

TATQA = Source("tatqa", "https://github.com/NExTplusplus/TAT-QA", "CC BY 4.0", "dataset_raw/tatqa_dataset_dev.json")
_PARAGRAPHS = (8, 20, 40)
_PASSAGES = (6, 10, 20, 40)
_NOTES = 6
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

Parts = Collection[Split]
_SEEN: Final[tuple[Split, ...]] = ("train",)
_UNSEEN: Final[tuple[Split, ...]] = ("validation", "test")  # on neither a model was trained


def examples(root: Path, parts: Parts, names: Collection[str] = ()) -> list[Example]:
    """All examples of these parts of the named sets; of all sets by default. Always the same, in the same order.

    Raises:
        SettingsError: A set is not there; says where to get it.
    """
    return [one for name, load in SETS.items() if not names or name in names for one in load(root, parts)]


def calibrated_on(root: Path) -> list[Example]:
    """What the shipped calibration comes from: all parts for the rules, of which none was trained, else the unseen.

    Raises:
        SettingsError: A set is not there; says where to get it.
    """
    learned = [replace(one, trained_on=True) for one in examples(root, _SEEN)]
    return [*examples(root, _UNSEEN), *learned]


def _xquad(root: Path, parts: Parts) -> Iterator[Example]:
    for turn, language in enumerate(xquad.LANGUAGES):
        path = first_file(xquad.SOURCE, root, (f"{language}.jsonl", f"xquad.{language}.json"))
        articles, queries = xquad.read(path)
        titles = xquad.titles(path)
        paragraphs = [text for article in articles for text in article]
        article_of = [number for number, article in enumerate(articles) for _ in article]
        usable = [i for i, number in enumerate(article_of) if split_of("xquad", titles[number]) in parts]
        own = queries[turn :: len(xquad.LANGUAGES)]  # its translations would fail where it fails
        rng = random.Random(f"xquad {language}")
        for at, query in enumerate(own):
            if query.paragraph in usable:
                order = _around(query.paragraph, usable, _PARAGRAPHS[at % len(_PARAGRAPHS)], rng)
                text = "\n\n".join(paragraphs[i] for i in order) + "\n"
                gold = xquad.evidence(paragraphs[query.paragraph], query.start, query.answer, language)
                title = titles[article_of[query.paragraph]]
                yield Example(text, query.question, ((gold,),), source="xquad", group=title)


def _around(gold: int, usable: Sequence[int], size: int, rng: random.Random) -> list[int]:
    others = [i for i in usable if i != gold]
    order = [gold, *rng.sample(others, min(size - 1, len(others)))]
    rng.shuffle(order)
    return order


def _nq(root: Path, parts: Parts) -> Iterator[Example]:
    passages = [p for p in nq.passages(root) if split_of("nq", p.title) in parts]
    index = Bm25([f"{p.title} {p.text}" for p in passages])
    rng = random.Random("nq")
    for gold, passage in enumerate(passages):
        if nq.holds_answer(passage.text, passage.answers):
            sample = nq.sample_around(index, passages, gold, _PASSAGES[gold % len(_PASSAGES)], rng)
            forms = _forms(sample.text, passage.answers)
            if forms:
                yield Example(sample.text, sample.question, (forms,), source="nq", group=passage.title)


def _forms(text: str, answers: Sequence[str]) -> tuple[str, ...]:
    """The answers as the text writes them."""
    found = (match.group() for answer in answers for match in re.finditer(re.escape(answer), text, re.IGNORECASE))
    return tuple(dict.fromkeys(form for form in found if holds(text, form)))


def _qmsum(root: Path, parts: Parts) -> Iterator[Example]:
    for path in sorted(folder(qmsum.SOURCE, root).glob("*.jsonl")):
        for meeting, sample in qmsum.queries(path):
            if split_of("qmsum", meeting) in parts:
                yield Example(sample.text, sample.question, spans=sample.gold, source="qmsum", group=meeting)


def _tatqa(root: Path, parts: Parts) -> Iterator[Example]:
    path = first_file(TATQA, root, ("dev.json", "tatqa_dataset_dev.json"))
    notes = [note for note in json.loads(read_text(path)) if split_of("tatqa", note["table"]["uid"]) in parts]
    rng = random.Random("tatqa")
    for at, note in enumerate(notes):
        table, paragraphs = _as_csv(note["table"]["table"]), [p["text"] for p in note["paragraphs"]]
        others = [notes[i] for i in rng.sample(range(len(notes)), min(_NOTES, len(notes))) if i != at]
        report = _report([*others[: at % _NOTES], note, *others[at % _NOTES :]])
        for question in note["questions"]:
            needed = _operands(question)
            if all(holds(table, one) for one in needed):
                yield from _example(table, question, needed, note, "table.csv")
            elif not all(holds("\n".join(paragraphs), one) for one in needed):
                continue
            yield from _example(report, question, needed, note)


def _example(
    text: str, question: dict[str, Any], needed: Sequence[str], note: dict[str, Any], name: str = ""
) -> Iterator[Example]:
    if needed:
        forms = tuple((one,) for one in needed)
        yield Example(text, question["question"], forms, source="tatqa", group=note["table"]["uid"], name=name)


def _operands(question: dict[str, Any]) -> list[str]:
    """The strings that answer, or the numbers that the answer is worked out from."""
    if question["answer_type"] in ("span", "multi-span"):
        answers = question["answer"] if isinstance(question["answer"], list) else [question["answer"]]
        return [str(answer).strip() for answer in answers if str(answer).strip()]
    if question["answer_type"] == "arithmetic":
        return list(dict.fromkeys(number for number in _NUMBER.findall(question["derivation"]) if len(number) > 1))
    return []


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _report(notes: Sequence[dict[str, Any]]) -> str:
    """Notes one after the other: paragraphs, and the table between bars."""
    parts = []
    for note in notes:
        parts += [p["text"] for p in note["paragraphs"]]
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in note["table"]["table"]))
    return "\n\n".join(parts) + "\n"


def _tau_bench(root: Path, parts: Parts) -> Iterator[Example]:
    for number, run in enumerate(tau_bench.load_runs(Draw(root, 1))):
        task = str(run["task_id"])
        if split_of("tau_bench", task) in parts:
            for sample in tau_bench.tool_results(run["traj"], f"tau-{number}"):
                needed = tuple((value,) for value in sample.gold.values)
                if needed:
                    yield Example(
                        sample.text,
                        sample.question,
                        needed,
                        source="tau_bench",
                        group=task,
                        name=sample.group,
                        is_result=True,
                    )


SETS: dict[str, Callable[[Path, Parts], Iterator[Example]]] = {
    "xquad": _xquad,
    "nq": _nq,
    "qmsum": _qmsum,
    "tatqa": _tatqa,
    "tau_bench": _tau_bench,
}
SOURCES = {
    "xquad": xquad.SOURCE,
    "nq": nq.SOURCE,
    "qmsum": qmsum.SOURCE,
    "tatqa": TATQA,
    "tau_bench": tau_bench.SOURCE,
}
