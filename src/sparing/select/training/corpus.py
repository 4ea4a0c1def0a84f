"""Questions with the units that answer them, from the sets whose licences allow shipping what was trained on them.

A passage is a paragraph, a stretch of turns or a table; its units are sentences, turns or rows, cut as the reducers
cut them. Every question knows the units of its gold passages that answer it and the passages it may be confused with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from sparing.evals.data import Source, first_file, folder, read_jsonl, read_text
from sparing.evals.splits import Split, meeting_id, split_of
from sparing.evals.tasks import nq, qmsum, xquad
from sparing.evals.tasks.nq import holds_answer
from sparing.reducers.sentences import cut_long, sentence_bounds

TATQA = Source("tatqa", "https://github.com/NExTplusplus/TAT-QA", "CC BY 4.0", "dataset_raw/tatqa_dataset_dev.json")
SOURCES = (nq.SOURCE, xquad.SOURCE, qmsum.SOURCE, TATQA)
_WINDOW_CHARS = 1_000  # of a meeting: about 250 word pieces
_LONG_CHARS = 1_400  # a longer paragraph or table becomes several passages
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text that is read at once.

    Attributes:
        home: The article, meeting or report it is from.
        cuts: n + 1 character offsets; unit i is ``text[cuts[i]:cuts[i + 1]]``.
    """

    home: str
    text: str
    cuts: tuple[int, ...]

    @property
    def units(self) -> list[str]:
        return [self.text[a:b] for a, b in pairwise(self.cuts)]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what answers it.

    Attributes:
        answers: Texts that must not be in a negative passage; empty where gold says all.
        gold: Passage number -> units that answer. One of them is enough, or all are gold (`Corpus.all_gold`).
        near: Passages from which negatives are drawn first (its own article or meeting); empty: any.
        answer: What a reader of its one gold passage would say; empty where that is no stretch of the passage.
    """

    home: str
    split: Split
    text: str
    answers: tuple[str, ...]
    gold: Mapping[int, frozenset[int]]
    near: tuple[int, ...] = ()
    answer: str = ""


@dataclass(frozen=True)
class Corpus:
    """One data set.

    Attributes:
        all_gold: Every gold unit counts (meetings, tables); else one of them answers (a fact told twice).
        whole: The text a question is about is the question's `near` passages, not a draw from all.
    """

    kind: str
    passages: Sequence[Passage]
    questions: Sequence[Question]
    all_gold: bool = False
    whole: bool = False
    wanted: Mapping[int, frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        wanted: dict[int, frozenset[int]] = {}
        for question in self.questions:
            for number, units in question.gold.items():
                wanted[number] = wanted.get(number, frozenset()) | units
        object.__setattr__(self, "wanted", wanted)


def load_all(root: Path) -> dict[str, Corpus]:
    """Every corpus by its kind.

    Raises:
        SettingsError: A data set is missing; says where to get it.
    """
    return {kind: load(root) for kind, load in _LOADERS.items()}


def natural_questions(root: Path) -> Corpus:
    """A passage per question; what stands first is the article's title on a line of its own."""
    rows = list(read_jsonl(first_file(nq.SOURCE, root, ("questions.jsonl",))))
    passages, questions = [], []
    for number, row in enumerate(rows):
        passage = _prose(row["title"], f"{row['title']}\n{row['text']}")
        answers = tuple(row["answers"])
        gold = frozenset(i for i, unit in enumerate(passage.units) if holds_answer(unit, answers))
        passages.append(passage)
        if gold:
            split = split_of("nq", row["title"])
            said = next((one for one in answers if holds_answer(passage.text, (one,))), "")
            questions.append(Question(row["title"], split, row["question"], answers, {number: gold}, answer=said))
    return Corpus("nq", passages, questions)


def xquad_en(root: Path) -> Corpus:
    """The English part: the encoder's vocabulary is English."""
    rows = list(read_jsonl(first_file(xquad.SOURCE, root, ("en.jsonl",))))
    passages: list[Passage] = []
    parts_of: dict[tuple[str, int], tuple[int, list[Passage]]] = {}
    near: dict[str, tuple[int, ...]] = {}
    for row in rows:
        if "paragraphs" in row:
            first = len(passages)
            for number, text in enumerate(row["paragraphs"]):
                parts_of[row["title"], number] = len(passages), (parts := _parts(_prose(row["title"], text)))
                passages += parts
            near[row["title"]] = tuple(range(first, len(passages)))
    questions = []
    for row in rows:
        if "question" in row:
            title, answer = row["title"], row["answers"][0]
            number, parts = parts_of[title, row["paragraph"]]
            gold = _covering(parts, number, answer["start"], answer["start"] + len(answer["text"]))
            split, said = split_of("xquad", title), answer["text"]
            questions.append(Question(title, split, row["question"], (), gold, near[title], said))
    return Corpus("xquad", passages, questions)


def meetings(root: Path) -> Corpus:
    """Stretches of turns; a unit is a turn (a long one in pieces) and is gold when its turn is."""
    passages: list[Passage] = []
    questions: list[Question] = []
    for path in sorted(folder(qmsum.SOURCE, root).glob("*.jsonl")):
        for row in read_jsonl(path):
            name = meeting_id(turn["content"] for turn in row["meeting_transcripts"])
            turns = [f"{t['speaker']}: {' '.join(t['content'].split())}\n" for t in row["meeting_transcripts"]]
            first = len(passages)
            turn_of_units = []
            for passage, turn_of in _windows(name, turns):
                passages.append(passage)
                turn_of_units.append(turn_of)
            near = tuple(range(first, len(passages)))
            for query in row["specific_query_list"]:
                wanted = {t for a, b in query["relevant_text_span"] for t in range(int(a), int(b) + 1)}
                gold = {
                    first + w: frozenset(units)
                    for w, turn_of in enumerate(turn_of_units)
                    if (units := [u for u, turn in enumerate(turn_of) if turn in wanted])
                }
                if gold:
                    questions.append(Question(name, split_of("qmsum", name), query["query"], (), gold, near))
    return Corpus("qmsum", passages, questions, all_gold=True, whole=True)


def reports(root: Path) -> Corpus:
    """Paragraphs and tables of financial reports; gold are units with the answer's words or figures."""
    passages: list[Passage] = []
    questions: list[Question] = []
    for row in json.loads(read_text(first_file(TATQA, root, ("dev.json", "tatqa_dataset_dev.json")))):
        name = row["table"]["uid"]
        first = len(passages)
        numbers: dict[str, range] = {}
        for paragraph in row["paragraphs"]:
            start = len(passages)
            passages += _parts(_prose(name, paragraph["text"]))
            numbers[str(paragraph["order"])] = range(start, len(passages))
        lines = [" | ".join(" ".join(cell.split()) for cell in cells) + "\n" for cells in row["table"]["table"]]
        start = len(passages)
        passages += _parts(Passage(name, "".join(lines), tuple(accumulate(map(len, lines), initial=0))))
        table, near = range(start, len(passages)), tuple(range(first, len(passages)))
        for ask in row["questions"]:
            named = [numbers[p] for p in ask["rel_paragraphs"] if p in numbers and "text" in ask["answer_from"]]
            places = [at for part in named for at in part] + ([*table] if "table" in ask["answer_from"] else [])
            gold = {at: units for at in places if (units := _figures(passages[at], ask))}
            if gold:
                questions.append(Question(name, split_of("tatqa", name), ask["question"], (), gold, near))
    return Corpus("tatqa", passages, questions, all_gold=True, whole=True)


def _prose(home: str, text: str) -> Passage:
    return Passage(home, text, tuple(sentence_bounds(text)))


def _parts(whole: Passage) -> list[Passage]:
    """The passage, or several where it is long; their units together are its units."""
    parts, start = [], 0
    cuts = whole.cuts
    for unit in range(1, len(cuts)):
        if unit == len(cuts) - 1 or cuts[unit + 1] - cuts[start] > _LONG_CHARS:
            at = cuts[start]
            inner = tuple(cut - at for cut in cuts[start : unit + 1])
            parts.append(Passage(whole.home, whole.text[at : cuts[unit]], inner))
            start = unit
    return parts


def _covering(parts: Sequence[Passage], first: int, start: int, end: int) -> dict[int, frozenset[int]]:
    """Passage number -> units that ``[start, end)`` of the whole touches; `first` is the number of the first part."""
    found: dict[int, frozenset[int]] = {}
    at = 0
    for number, part in enumerate(parts, first):
        spans = enumerate(pairwise(part.cuts))
        units = frozenset(i for i, (a, b) in spans if a + at < end and start < b + at)
        found |= {number: units} if units else {}
        at += len(part.text)
    return found


def _windows(home: str, turns: Sequence[str]) -> Iterator[tuple[Passage, list[int]]]:
    """Passages of whole turns of up to about `_WINDOW_CHARS`, and the turn of each of their units."""
    text, cuts, turn_of = "", [0], list[int]()
    for number, turn in enumerate(turns):
        if text and len(text) + len(turn) > _WINDOW_CHARS:
            yield Passage(home, text, tuple(cuts)), turn_of
            text, cuts, turn_of = "", [0], []
        text += turn
        cut_long(text, cuts, len(text))
        turn_of += [number] * (len(cuts) - 1 - len(turn_of))
        while len(text) > 2 * _WINDOW_CHARS:  # one very long turn: its pieces are several passages
            cut = next(i for i, c in enumerate(cuts) if c >= _WINDOW_CHARS)
            yield Passage(home, text[: cuts[cut]], tuple(cuts[: cut + 1])), turn_of[:cut]
            text, cuts, turn_of = text[cuts[cut] :], [c - cuts[cut] for c in cuts[cut:]], turn_of[cut:]
    if text:
        yield Passage(home, text, tuple(cuts)), turn_of


def _figures(passage: Passage, ask: Mapping[str, Any]) -> frozenset[int]:
    answer = ask["answer"] if isinstance(ask["answer"], list) else [ask["answer"]]
    strings = [str(a) for a in answer] if ask["answer_type"] in ("span", "multi-span") else []
    figures = set(_NUMBER.findall(ask["derivation"] or "")) - {"100", "1", "2"}
    return frozenset(
        i
        for i, unit in enumerate(passage.units)
        if any(s in unit for s in strings) or figures & set(_NUMBER.findall(unit))
    )


_LOADERS: Mapping[str, Callable[[Path], Corpus]] = {
    "nq": natural_questions,
    "xquad": xquad_en,
    "qmsum": meetings,
    "tatqa": reports,
}
