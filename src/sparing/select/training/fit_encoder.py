"""Fine-tuning the encoder's upper layers and heads on hard negatives; the lower layers stay as they are."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from sparing.evals.splits import Split, split_of
from sparing.select.training.answers import Pointer, Wordings, pointing
from sparing.select.training.corpus import Corpus
from sparing.select.training.encoder import Encoder
from sparing.select.training.groups import Batch, Group, Labels, batches, collate, draw_groups
from sparing.select.training.loss import loss
from sparing.select.training.lower import lower_states, mean_vectors
from sparing.select.training.pieces import Cutter, Pieces
from sparing.select.training.rivals import Rivals

_WORDINGS = 3  # of a question: as it is, and with words left out
_MOST_RIVALS = 24
_POINTING = 0.3  # weight of pointing at the answer in the loss


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    epochs: int = 2
    step_pieces: int = 2_200
    layers_rate: float = 5e-5
    heads_rate: float = 1e-3
    seed: int = 7


@dataclass(frozen=True)
class Prepared:
    """What the steps draw from, of one corpus.

    Attributes:
        rivals: Question -> passages it may be confused with, hardest first.
        passages: Passage -> lower states, of those in use.
        questions: Lower states of each question's wordings.
        passage_vectors, question_vectors: The base's unit vectors; 0 where not worked out.
    """

    pieces: Sequence[Pieces]
    rivals: Mapping[int, Sequence[int]]
    passages: Mapping[int, Tensor]
    questions: Sequence[Sequence[Tensor]]
    passage_vectors: Tensor
    question_vectors: Tensor


class Material:
    """All corpora, prepared, and what is known of their gold units."""

    def __init__(
        self,
        corpora: Mapping[str, Corpus],
        prepared: Mapping[str, Prepared],
        blank: Tensor,
        answers: Mapping[str, Wordings],
        labels: Labels,
    ) -> None:
        self.corpora, self.prepared, self._answers, self._labels = corpora, prepared, answers, labels
        self._pieces = {kind: p.pieces for kind, p in prepared.items()}
        self._passages = {kind: p.passages for kind, p in prepared.items()}
        self._questions = {kind: p.questions for kind, p in prepared.items()} | {"": [[blank]]}
        self._lengths = {kind: [len(p.ids) for p in pieces] for kind, pieces in self._pieces.items()}

    def plan(self, split: Split, step_pieces: int, rng: random.Random) -> list[list[Group]]:
        """The steps of an epoch."""
        rivals = {kind: p.rivals for kind, p in self.prepared.items()}
        groups = draw_groups(self.corpora, rivals, self._passages, split, rng, labels=self._labels)
        steps = list(batches(groups, self._lengths, step_pieces))
        rng.shuffle(steps)
        return steps

    def collate(self, groups: Sequence[Group], rng: random.Random) -> Batch:
        return collate(groups, self.corpora, self._pieces, self._passages, self._questions, self._answers, rng)


def prepare(
    encoder: Encoder, cutter: Cutter, kind: str, corpus: Corpus, seed: int, say: Callable[[str], None]
) -> Prepared:
    """Find rivals with the base encoder and keep the lower states of what training and validation may draw."""
    rng = random.Random(f"{kind} {seed}")
    pieces = cutter.passages(corpus.passages)
    used = _used(kind, corpus, rng)
    states = lower_states(encoder, [pieces[p].ids for p in used])
    wordings = [_wordings(q.text, rng) for q in corpus.questions]
    flat = lower_states(encoder, cutter.questions([w for ws in wordings for w in ws]))
    questions = [flat[i : i + _WORDINGS] for i in range(0, len(flat), _WORDINGS)]
    vectors = torch.zeros(len(corpus.passages), encoder.shape.hidden)
    asked = torch.zeros(len(corpus.questions), encoder.shape.hidden)
    if not corpus.whole:  # a meeting or a report is its own set of rivals
        vectors[used] = mean_vectors(encoder, states)
        asked = mean_vectors(encoder, [of_question[0] for of_question in questions])
    finder = Rivals(corpus, vectors.numpy(), asked.numpy())
    held = frozenset(p for p in used if split_of(kind, corpus.passages[p].home) != "test")  # not even as a negative
    rivals = {
        number: [p for p in finder.of(number, _MOST_RIVALS) if p in held]
        for number, question in enumerate(corpus.questions)
        if question.split != "test"
    }
    say(f"{kind}: {len(used)} passages, {sum(map(len, states))} pieces")
    return Prepared(pieces, rivals, dict(zip(used, states, strict=True)), questions, vectors, asked)


def fit(encoder: Encoder, material: Material, plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    """Train in place; what was done and the losses, for the record."""
    rng = random.Random(plan.seed + 1)
    torch.manual_seed(plan.seed)
    upper = list(encoder.layers[encoder.shape.apart :].parameters())
    pointer = Pointer(encoder.shape.hidden)
    heads = [*encoder.token.parameters(), *encoder.whole.parameters(), *pointer.parameters()]
    knobs = [encoder.across, encoder.scales]
    optimizer = torch.optim.AdamW(
        [
            {"params": upper, "lr": plan.layers_rate, "weight_decay": 0.01},
            {"params": heads, "lr": plan.heads_rate, "weight_decay": 0.01},
            {"params": knobs, "lr": 1e-2, "weight_decay": 0.0},
        ]
    )
    epochs = [material.plan("train", plan.step_pieces, rng) for _ in range(plan.epochs)]
    total = sum(map(len, epochs))
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [g["lr"] for g in optimizer.param_groups], total_steps=total, pct_start=0.1
    )
    started, done, running = time.monotonic(), 0, 0.0
    history = []
    for epoch, steps in enumerate(epochs, 1):
        for step in steps:
            value = _loss(encoder.train(), material.collate(step, rng), pointer)
            optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
            optimizer.step()
            rates.step()
            done += 1
            running = 0.98 * running + 0.02 * value.item()
            if done % 25 == 0:
                say(f"step {done}/{total}: loss {running / (1 - 0.98**done):.3f}, {time.monotonic() - started:.0f} s")
        held = validate(encoder, material, plan)
        history.append({"epoch": epoch, "train_loss": round(running, 4), "validation_loss": round(held, 4)})
        say(f"epoch {epoch}: validation loss {held:.4f}")
    return {"plan": asdict(plan), "steps": done, "seconds": round(time.monotonic() - started), "epochs": history}


@torch.no_grad()
def validate(encoder: Encoder, material: Material, plan: Plan) -> float:
    """Mean loss over the validation split, the same draw each time."""
    rng = random.Random(0)
    encoder.eval()
    losses = [
        _loss(encoder, material.collate(s, rng)).item() for s in material.plan("validation", plan.step_pieces, rng)
    ]
    return sum(losses) / len(losses)


def _loss(encoder: Encoder, batch: Batch, pointer: Pointer | None = None) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        states = encoder.together(batch.x.float(), batch.mask, batch.sides)
    states = states.float()
    value = loss(batch, *encoder.scores(states, batch.mask, batch.sides))
    if pointer is None:
        return value
    logits = pointer(states, (1 - batch.sides) * batch.mask)
    return value + _POINTING * pointing(logits, batch.answer, batch.unit_of, batch.group_of)


def _used(kind: str, corpus: Corpus, rng: random.Random) -> list[int]:
    """Passages whose states are kept: all that may be drawn, of meetings one that is gold and two that are not."""
    if kind == "nq":
        return list(range(len(corpus.passages)))
    used: set[int] = set()
    for question in corpus.questions:
        if question.split == "test":
            continue
        if kind != "qmsum":
            used.update(question.near)
            continue
        used.update(rng.sample(sorted(question.gold), 1))
        others = [p for p in question.near if p not in question.gold]
        used.update(rng.sample(others, min(1, len(others))))
    return sorted(used)


def _wordings(text: str, rng: random.Random) -> list[str]:
    """The question, and the same with one word in six left out."""
    words = text.split()
    wordings = [text]
    while len(wordings) < _WORDINGS:
        kept = [word for word in words if rng.random() > 1 / 6]
        wordings.append(" ".join(kept if len(kept) >= 2 else words))
    return wordings
