"""What one training step sees: questions, each with gold passages and rivals, and which units answer."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sparing.evals.splits import Split
from sparing.select.training.answers import Wordings, said
from sparing.select.training.corpus import Corpus
from sparing.select.training.pieces import Pieces

Labels = Mapping[str, Mapping[int, Mapping[int, float]]]
"""Kind -> question -> gold unit -> how surely it answers, 0..1; of what is missing surely."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Passages per question: gold ones and rivals at most, and from how many of the hardest these are drawn."""

    gold: int
    rivals: int
    hardest: int


MIXES: Mapping[str, Mix] = {
    "nq": Mix(1, 4, 16),
    "xquad": Mix(1, 2, 6),
    "qmsum": Mix(1, 2, 24),
    "tatqa": Mix(1, 1, 6),
}


@dataclass(frozen=True, slots=True)
class Group:
    """A question of a corpus with its rows.

    Attributes:
        gold: Of each passage the units that answer, and how surely, above 0 and up to 1.
        blank: The question is left out, gold are all wanted units.
    """

    kind: str
    question: int
    passages: tuple[int, ...]
    gold: tuple[Mapping[int, float], ...]
    blank: bool = False


def draw_groups(
    corpora: Mapping[str, Corpus],
    rivals: Mapping[str, Mapping[int, Sequence[int]]],
    held: Mapping[str, Container[int]],
    split: Split,
    rng: random.Random,
    blanks: float = 0.25,
    labels: Labels | None = None,
) -> list[Group]:
    """One group per question of the split, and a blank one for a share of them; in no order.

    Args:
        rivals: Kind -> question -> passages, hardest first.
        held: Kind -> passages whose states are at hand.
        labels: What is known of gold units beyond that they hold the answer.
    """
    groups = []
    for kind, corpus in corpora.items():
        mix = MIXES[kind]
        for number, question in enumerate(corpus.questions):
            if question.split != split:
                continue
            known = sorted(p for p in question.gold if p in held[kind])
            gold = rng.sample(known, min(mix.gold, len(known)))
            if not gold:
                continue
            pool = rivals[kind][number][: mix.hardest]
            others = rng.sample(pool, min(mix.rivals, len(pool)))
            passages = (*gold, *others)
            known_of = (labels or {}).get(kind, {}).get(number, {})
            sure = tuple(_surely(question.gold.get(p, ()), known_of) for p in passages)
            groups.append(Group(kind, number, passages, sure))
            if kind != "qmsum" and rng.random() < blanks:
                groups.append(Group(kind, number, (gold[0],), (_surely(corpus.wanted[gold[0]], {}),), blank=True))
    rng.shuffle(groups)
    return groups


def _surely(units: Iterable[int], known: Mapping[int, float]) -> dict[int, float]:
    return {unit: sure for unit in sorted(units) if (sure := known.get(unit, 1.0)) > 0}


def batches(groups: Sequence[Group], lengths: Mapping[str, Sequence[int]], pieces: int) -> Iterator[list[Group]]:
    """Groups in steps of about `pieces` word pieces, padding counted; groups of like length together, in given order.

    Args:
        lengths: Kind -> pieces of each passage.
    """

    def longest(group: Group) -> int:
        return max(lengths[group.kind][p] for p in group.passages)

    for start in range(0, len(groups), 256):
        step: list[Group] = []
        rows = 0
        for group in sorted(groups[start : start + 256], key=longest):
            if step and (rows + len(group.passages)) * (longest(group) + 16) > pieces:
                yield step
                step, rows = [], 0
            step.append(group)
            rows += len(group.passages)
        if step:
            yield step


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of a step.

    Attributes:
        x: Lower states [rows, tokens, hidden], bfloat16.
        unit_of: [rows, tokens]: unit of each token, -1 where none.
        gold: [rows, units]: how surely a unit answers, 0..1; -1 where there is no unit.
        group_of: [rows].
        every: [groups]: 1 where each gold unit counts, else one is enough.
        blank: [rows].
        answer: [rows, tokens]: whether a token says the answer.
    """

    x: Tensor
    mask: Tensor
    sides: Tensor
    unit_of: Tensor
    gold: Tensor
    group_of: Tensor
    every: Tensor
    blank: Tensor
    answer: Tensor


def collate(
    groups: Sequence[Group],
    corpora: Mapping[str, Corpus],
    pieces: Mapping[str, Sequence[Pieces]],
    passages: Mapping[str, Mapping[int, Tensor]],
    questions: Mapping[str, Sequence[Sequence[Tensor]]],
    answers: Mapping[str, Wordings],
    rng: random.Random,
) -> Batch:
    """Put lower states of questions (one of their wordings) and passages side by side."""
    states, units, golds, group_of, blank, fronts, answer = [], [], [], [], [], [], []
    for number, group in enumerate(groups):
        wordings = questions["" if group.blank else group.kind][0 if group.blank else group.question]
        front = wordings[0] if rng.random() < 0.5 else rng.choice(wordings)
        for passage, gold in zip(group.passages, group.gold, strict=True):
            states.append(torch.cat([front, passages[group.kind][passage]]))
            units.append(torch.tensor([-1] * len(front) + list(pieces[group.kind][passage].unit_of)))
            num_units = len(corpora[group.kind].passages[passage].cuts) - 1
            golds.append(torch.tensor([gold.get(unit, 0.0) for unit in range(num_units)]))
            group_of.append(number)
            blank.append(group.blank)
            fronts.append(len(front))
            there = torch.zeros(len(states[-1]), dtype=torch.bool)
            if not group.blank:
                at = said(pieces[group.kind][passage], answers[group.kind][group.question], gold)
                there[[len(front) + place for place in at]] = True
            answer.append(there)
    pad = torch.nn.utils.rnn.pad_sequence
    x = pad(states, batch_first=True)
    lengths = torch.tensor([len(s) for s in states])[:, None]
    places = torch.arange(x.shape[1])[None]
    mask = (places < lengths).long()
    sides = ((places >= torch.tensor(fronts)[:, None]) & (places < lengths)).long()
    return Batch(
        x,
        mask,
        sides,
        pad(units, batch_first=True, padding_value=-1),
        pad(golds, batch_first=True, padding_value=-1.0),
        torch.tensor(group_of),
        torch.tensor([float(corpora[g.kind].all_gold) for g in groups]),
        torch.tensor(blank),
        pad(answer, batch_first=True),
    )
