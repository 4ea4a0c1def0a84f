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
from sparing.inmodel.evals.ask import answered, compressed, read
from sparing.inmodel.evals.contexts import TASKS, Context
from sparing.inmodel.evals.divergence import divergence, log_probs
from sparing.inmodel.evals.prose import sentence

FRACTIONS = (1.0, 0.5, 0.25)
POLICIES = [replace(im.Policy(min_tokens=0), budget=im.Budget(fraction=fraction)) for fraction in FRACTIONS]
HAYSTACKS = (("single", "noise"), ("single", "prose"), ("multikey", "prose"))


def storing(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per storage, share kept and task; the divergence is from keeping everything in the model's precision."""

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    later = torch.tensor([encode(" ".join(sentence(Random(7)) for _ in range(4)))])
    rows: list[dict[str, Any]] = []
    for context in _contexts(lambda text: len(encode(text)), options):
        once = read(model, tokenizer, context)
        whole = None
        for storage in get_args(Storage):
            cache = compressed(model, once, POLICIES, storage)
            right = [answered(model, tokenizer, cache, question) for question in context.questions]
            with torch.no_grad():
                told = log_probs(model, cache, later.expand(len(POLICIES), -1))
            whole = told[0] if whole is None else whole
            for index, fraction in enumerate(FRACTIONS):
                alone = compressed(model, once, [POLICIES[index]], storage)
                rows.append(
                    {
                        "task": context.task,
                        "storage": storage,
                        "fraction": fraction,
                        "right": sum(one[index] for one in right) / len(right),
                        "kl": divergence(told[index], whole, later).kl,
                        "bytes": alone.report().live_bytes,
                    }
                )
        print(rows[-1], flush=True)
    return {"tokens": options.tokens, "contexts": options.contexts, "rows": rows}


def _contexts(count: Any, options: argparse.Namespace) -> Iterator[Context]:
    for number in range(options.contexts):
        for task, hay in HAYSTACKS:
            yield TASKS[task](Random(number), options.tokens, count, hay)
