"""Pointing at the answer: where it is said, what pointing elsewhere costs, and that a step tells of it."""

from random import Random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from sparing.select.training.answers import Pointer, pointing, said, wordings  # noqa: E402
from sparing.select.training.corpus import Corpus, Passage, Question  # noqa: E402
from sparing.select.training.groups import Batch, Group, collate  # noqa: E402
from sparing.select.training.pieces import Pieces  # noqa: E402

PIECES = Pieces((101, 7, 8, 9, 7, 8, 102), (-1, 0, 0, 0, 1, 1, -1))


class Letters:
    """A cutter whose pieces are letters."""

    def questions(self, texts: list[str]) -> list[tuple[int, ...]]:
        return [(101, *map(ord, text), 102) for text in texts]


def test_an_answer_is_where_its_pieces_stand_in_a_unit_that_answers() -> None:
    """Of two places only the one in a gold unit; an answer that is not there, nowhere; any wording counts."""
    assert said(PIECES, [(7, 8)], {1}) == [4, 5]
    assert said(PIECES, [(7, 8)], {0, 1}) == [1, 2, 4, 5]
    assert said(PIECES, [(9, 9), (9,)], {0}) == [3]
    assert said(PIECES, [(7, 8)], {}) == []


def test_what_answers_is_its_wordings_or_its_one_answer() -> None:
    """Without either there is nothing to point at."""
    asked = [
        Question("h", "train", "who", ("ab", "c"), {}),
        Question("h", "train", "who", (), {}, answer="d"),
        Question("h", "train", "who", (), {}),
    ]
    found = wordings(Letters(), {"nq": Corpus("nq", [], asked)})  # type: ignore[arg-type]
    assert found == {"nq": [[(97, 98), (99,)], [(100,)], []]}


def test_pointing_at_the_answer_costs_less_than_pointing_elsewhere() -> None:
    """One of its tokens is enough; marks and questions without an answer do not count."""
    answer = torch.tensor([[False, True, True, False], [False] * 4, [False] * 4])
    unit_of = torch.tensor([[-1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
    group_of = torch.tensor([0, 0, 1])
    right = torch.zeros(3, 4)
    right[0, 1] = 5.0
    wrong = right.flip(0)
    marks = right.clone()
    marks[0, 0] = 50.0
    cost = pointing(right, answer, unit_of, group_of)
    assert cost < 0.1 < pointing(wrong[[1, 0, 2]], answer, unit_of, group_of)
    assert pointing(marks, answer, unit_of, group_of) == cost
    assert pointing(wrong, torch.zeros_like(answer), unit_of, group_of) == 0


def test_a_step_marks_the_answer_behind_its_question() -> None:
    """In the gold passage alone, and not where the question is left out."""
    corpus = Corpus(
        "nq", [Passage("h", "abcab", (0, 3, 5))] * 2, [Question("h", "train", "who", ("ab",), {0: frozenset({1})})]
    )
    groups = [
        Group("nq", 0, (0, 1), ({1: 1.0}, {})),
        Group("nq", 0, (0,), ({1: 1.0},), blank=True),
    ]
    states = {0: torch.zeros(7, 1), 1: torch.zeros(7, 1)}
    asked = {"nq": [[torch.zeros(2, 1)]], "": [[torch.zeros(2, 1)]]}
    batch: Batch = collate(
        groups, {"nq": corpus}, {"nq": [PIECES] * 2}, {"nq": states}, asked, {"nq": [[(7, 8)]]}, Random(0)
    )
    assert batch.answer.nonzero().tolist() == [[0, 6], [0, 7]]


@torch.no_grad()
def test_the_pointer_reads_token_and_question() -> None:
    """Another question, another logit; one logit per token."""
    torch.manual_seed(0)
    pointer, states = Pointer(8), torch.randn(1, 5, 8)
    one, other = (pointer(states, torch.tensor([row])) for row in ([1, 1, 0, 0, 0], [1, 0, 0, 0, 0]))
    assert one.shape == (1, 5)
    assert not torch.allclose(one, other)
