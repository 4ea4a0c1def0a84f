"""Answers, divergence and bytes of what was kept, stored in the model's precision and in eight bits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, get_args

import torch

from sparing import inmodel as im
from sparing.inmodel.drop import Storage
from sparing.inmodel.evals.ask import Read, begins_right, compressed, read
from sparing.inmodel.evals.contexts import TASKS, Context
from sparing.inmodel.evals.divergence import divergence, log_probs
from sparing.inmodel.evals.prose import sentence
from sparing.inmodel.kvzip import Reconstruction, reconstruct

FRACTIONS = (0.5, 0.25)
DEFAULT = im.Policy(min_tokens=0)
POLICIES = {
    "echo": DEFAULT,
    "keydiff": im.Policy(score="keydiff", span_tokens=3, min_tokens=0),
}
HAYSTACKS = (("multikey", "prose"), ("single", "noise"), ("single", "prose"))
_OTHER_SEED = 990  # none of the contexts that are asked about
_MULTIKEY_EACH = 3  # contexts with one key are the easy ones: one for so many with several


def storing(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per storage, share kept and task; the divergence is from keeping everything in the model's precision."""

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    later = torch.tensor([encode(" ".join(sentence(Random(7)) for _ in range(4)))])
    rows: list[dict[str, Any]] = []
    profiles = _profiles(model, tokenizer, _other_context(lambda text: len(encode(text)), options))
    for context in _contexts(lambda text: len(encode(text)), options):
        once = read(model, tokenizer, context)
        policies = list(_policies(model, tokenizer, once, profiles))
        whole = None
        for storage in get_args(Storage):
            cache = compressed(model, once, [policy for _, _, policy in policies], storage)
            right = [begins_right(model, tokenizer, cache, question) for question in context.questions]
            with torch.no_grad():
                told = log_probs(model, cache, later.expand(len(policies), -1))
            whole = told[0] if whole is None else whole
            for index, (name, fraction, _) in enumerate(policies):
                rows.append(
                    {
                        "task": context.task,
                        "policy": name,
                        "storage": storage,
                        "fraction": fraction,
                        "right": [one[index] for one in right],
                        "kl": divergence(told[index], whole, later).kl,
                        "bytes": _live_bytes(cache, index),
                    }
                )
        print(rows[-1], flush=True)
    return {"tokens": options.tokens, "contexts": options.contexts, "rows": rows}


def _policies(
    model: Any, tokenizer: Any, once: Read, profiles: dict[float, im.HeadProfile]
) -> Iterator[tuple[str, float, im.Policy]]:
    """What keeps everything, what costs little, and what reading the context twice knows better."""
    yield "full", 1.0, im.FULL
    for name, policy in POLICIES.items():
        for fraction in FRACTIONS:
            yield name, fraction, replace(policy, budget=im.Budget(fraction=fraction))
    for fraction, profile in profiles.items():
        yield "echo, profile", fraction, replace(DEFAULT, budget=im.Budget(fraction=fraction), allocate=profile)
    found = _read_twice(model, tokenizer, once)
    for fraction in FRACTIONS:
        allocate = found.profile(fraction)
        yield "kvzip", fraction, replace(DEFAULT, score=found, budget=im.Budget(fraction=fraction), allocate=allocate)


def _read_twice(model: Any, tokenizer: Any, once: Read) -> Reconstruction:
    with torch.no_grad():
        whole = compressed(model, once, [im.FULL])
        return reconstruct(model, tokenizer, whole, once.ids, suffix="<|im_end|>\n<|im_start|>assistant\n")


def _profiles(model: Any, tokenizer: Any, context: Context) -> dict[float, im.HeadProfile]:
    """Of the model, as one context tells it that nothing is asked of."""
    found = _read_twice(model, tokenizer, read(model, tokenizer, context))
    return {fraction: found.profile(fraction) for fraction in FRACTIONS}


def _other_context(count: Any, options: argparse.Namespace) -> Context:
    return TASKS["multikey"](Random(_OTHER_SEED), options.tokens, count, "prose")


def _live_bytes(cache: im.DropCache, sequence: int) -> int:
    """Of one sequence of the batch: a stored token takes the same bytes in each."""
    total = 0
    for layer in cache.report().layers:
        tokens = sum(map(sum, layer.physical_tokens))
        total += layer.live_bytes // tokens * sum(layer.physical_tokens[sequence])
    return total


def _contexts(count: Any, options: argparse.Namespace) -> Iterator[Context]:
    for number in range(options.contexts):
        for task, hay in HAYSTACKS[: None if number % _MULTIKEY_EACH == 0 else 1]:
            yield TASKS[task](Random(number), options.tokens, count, hay)
