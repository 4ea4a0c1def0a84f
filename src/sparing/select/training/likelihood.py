"""Labels by a small language model: how much less likely the answer gets when a unit that holds it is taken away.

The likelihood of the gold answer behind passage and question, with and without the unit. LongLLMLingua (Jiang et al.
2023) asks what a passage does for the question's likelihood; while training, the answer is known, and it is what
evidence is for. Where several units hold the answer, each is judged without the others: beside a second one, taking
one away changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_FAR = -1e9


@dataclass(frozen=True, slots=True)
class Told:
    """A passage as the model reads it.

    Attributes:
        units: Token ids of each unit.
        ask, answer: Token ids of what follows the passage, and of the answer behind it.
    """

    units: Sequence[Sequence[int]]
    ask: Sequence[int]
    answer: Sequence[int]


def told(tokenizer: Any, units: Sequence[str], question: str, answer: str) -> Told:
    """The form in which the model is asked."""

    def ids(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    return Told([ids(unit) for unit in units], ids(f"\n\nQuestion: {question}?\nAnswer:"), ids(f" {answer}"))


def drops(model: Any, one: Told, gold: frozenset[int]) -> dict[int, float]:
    """For each unit that holds the answer by how many nats that gets less likely without it.

    Args:
        model: A causal language model of Transformers.
        gold: Units that hold the answer.
    """
    units = sorted(gold)
    without, *alone = answer_likelihoods(model, one, [gold, *(gold - {unit} for unit in units)])
    return {unit: found - without for unit, found in zip(units, alone, strict=True)}


@torch.inference_mode()
def answer_likelihoods(model: Any, one: Told, left_out: Sequence[frozenset[int]]) -> list[float]:
    """Log-likelihood of the answer, in nats, without each of these sets of units.

    All in one forward: what a variant shares with the whole passage up to its first gap is read once, and the rest of
    it stands behind, seeing that beginning and itself.
    """
    trunk = [token for unit in one.units for token in unit]
    starts = [sum(map(len, one.units[:unit])) for unit in range(len(one.units) + 1)]
    ids, places, shared, branch = list(trunk), list(range(len(trunk))), [0] * len(trunk), [-1] * len(trunk)
    heads: list[int] = []
    for number, gone in enumerate(left_out):
        first = min(gone, default=len(one.units))
        tail = [t for unit in range(first, len(one.units)) if unit not in gone for t in one.units[unit]]
        own = [*tail, *one.ask, *one.answer]
        heads.append(len(ids) + len(tail) + len(one.ask) - 1)
        places += range(starts[first], starts[first] + len(own))
        shared += [starts[first]] * len(own)
        branch += [number] * len(own)
        ids += own
    size = len(one.answer)
    at = torch.tensor([head + step for head in heads for step in range(size)])
    mask = _sees(torch.tensor(branch), torch.tensor(shared))
    hidden = model.model(
        input_ids=torch.tensor([ids]), position_ids=torch.tensor([places]), attention_mask=mask, use_cache=False
    ).last_hidden_state[0, at]
    shares = model.lm_head(hidden).float().log_softmax(-1).view(len(heads), size, -1)
    said = torch.tensor(one.answer)[None, :, None].expand(len(heads), size, 1)
    sums: list[float] = shares.gather(-1, said).sum((1, 2)).tolist()
    return sums


def _sees(branch: Tensor, shared: Tensor) -> Tensor:
    """Attention's bias [1, 1, tokens, tokens]: a branch sees itself, and of the trunk (-1) what it shares with it."""
    order = torch.arange(len(branch))
    causal = order[:, None] >= order[None]
    same = branch[:, None] == branch[None]
    beginning = (branch[None] < 0) & (order[None] < shared[:, None])
    return torch.where((same | beginning) & causal, 0.0, _FAR)[None, None]
