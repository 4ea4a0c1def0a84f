"""Questions with the units that answer them, from small files in the form of the public ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from sparing.evals.splits import split_of
from sparing.select.training.corpus import Corpus, Passage, load_all
from sparing.select.training.encoder import Encoder, Shape
from sparing.select.training.fit_encoder import prepare
from sparing.select.training.groups import draw_groups
from sparing.select.training.pieces import Pieces

PARAGRAPH = "The mill stood by the river. It was built in 1802. Nobody lived there."


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Corpus]:
    """Two dozen questions of each kind."""
    root = tmp_path_factory.mktemp("data")
    _lines(root / "nq_oracle" / "questions.jsonl", [_nq(i) for i in range(24)])
    _lines(root / "xquad" / "en.jsonl", [row for i in range(24) for row in _xquad(i)])
    _lines(root / "qmsum" / "val.jsonl", [_meeting(i) for i in range(24)])
    (root / "tatqa").mkdir()
    (root / "tatqa" / "dev.json").write_text(json.dumps([_report(i) for i in range(24)]))
    return load_all(root)


def test_gold_units_answer(corpora: Mapping[str, Corpus]) -> None:
    """In each set the gold units are those with the answer, and no others."""
    wanted = {"nq": "1802", "xquad": "1802", "qmsum": "budget", "tatqa": "41.5"}
    for kind, corpus in corpora.items():
        assert corpus.questions
        for question in corpus.questions:
            for passage, units in question.gold.items():
                texts = corpus.passages[passage].units
                assert {i for i, text in enumerate(texts) if wanted[kind] in text} == units, kind


def test_units_are_the_text(corpora: Mapping[str, Corpus]) -> None:
    """The units of a passage put together are the passage."""
    for corpus in corpora.values():
        for passage in corpus.passages:
            assert "".join(passage.units) == passage.text
            assert all(a < b for a, b in pairwise(passage.cuts))


def test_nothing_is_trained_on_test_groups(corpora: Mapping[str, Corpus]) -> None:
    """Every question that a training step can see is of a train group."""
    rivals = {kind: {i: [] for i in range(len(corpus.questions))} for kind, corpus in corpora.items()}
    held = {kind: range(len(corpus.passages)) for kind, corpus in corpora.items()}
    groups = draw_groups(corpora, rivals, held, "train", Random(0))
    assert {group.kind for group in groups} == set(corpora)
    for group in groups:
        assert split_of(group.kind, corpora[group.kind].questions[group.question].home) == "train"


def test_no_test_passage_is_a_rival(corpora: Mapping[str, Corpus]) -> None:
    """A passage of a test group is not even a negative of a question that is trained or validated on."""
    corpus = replace(corpora["nq"], questions=[replace(q, answers=()) for q in corpora["nq"].questions])
    shape = Shape(layers=(0,), apart=1, vocabulary=200, hidden=8, heads=2, inner=8, positions=64)
    prepared = prepare(Encoder(shape), Letters(), "nq", corpus, 0, lambda _: None)  # type: ignore[arg-type]
    drawn = {p for rivals in prepared.rivals.values() for p in rivals}
    assert drawn
    assert all(split_of("nq", corpus.passages[p].home) != "test" for p in drawn)


class Letters:
    """A cutter whose pieces are letters."""

    def questions(self, texts: list[str]) -> list[tuple[int, ...]]:
        return [(101, *(ord(letter) % 90 for letter in text[:9]), 102) for text in texts]

    def passages(self, passages: list[Passage]) -> list[Pieces]:
        return [Pieces(self.questions([p.text])[0], (-1, *[0] * min(9, len(p.text)), -1)) for p in passages]


def _lines(path: Path, rows: list[object]) -> None:
    path.parent.mkdir()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _nq(i: int) -> dict[str, object]:
    text = f"Mill number {i} stood by the river. It was built in 1802. Nobody lived there."
    return {"question": "when was the mill built", "answers": ["1802"], "title": f"Mill number {i}", "text": text}


def _xquad(i: int) -> list[dict[str, object]]:
    answer = {"text": "1802", "start": PARAGRAPH.index("1802")}
    question = {"id": str(i), "title": f"Mill {i}", "paragraph": 1, "question": "When?", "answers": [answer]}
    return [{"title": f"Mill {i}", "paragraphs": ["Nothing here.", PARAGRAPH]}, question]


def _meeting(i: int) -> dict[str, object]:
    turns = [
        {"speaker": "A", "content": f"Welcome to meeting {i} ."},
        {"speaker": "B", "content": "The budget is gone ."},
    ]
    query = {"query": "What about money?", "relevant_text_span": [["1", "1"]]}
    return {"meeting_transcripts": turns, "specific_query_list": [query]}


def _report(i: int) -> dict[str, object]:
    question = {
        "question": "What was the revenue?",
        "answer": ["41.5"],
        "answer_type": "span",
        "answer_from": "table",
        "derivation": "",
        "rel_paragraphs": [],
    }
    table = {"uid": f"report {i}", "table": [["", "2019"], ["Revenue", "41.5"], ["Cost", "12.0"]]}
    return {"table": table, "paragraphs": [{"order": 1, "text": "Revenue rose."}], "questions": [question]}
