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
from sparing.inmodel.evals.ask import Read, answered, compressed, read
from sparing.inmodel.evals.contexts import TASKS, Context
from sparing.inmodel.evals.divergence import divergence, log_probs
from sparing.inmodel.evals.prose import sentence
from sparing.inmodel.kvzip import reconstruct

FRACTIONS = (1.0, 0.5, 0.25)
POLICY = im.Policy(min_tokens=0)
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
        policies = list(_policies(model, tokenizer, once))
        whole = None
        for storage in get_args(Storage):
            cache = compressed(model, once, [policy for _, _, policy in policies], storage)
            right = [answered(model, tokenizer, cache, question) for question in context.questions]
            with torch.no_grad():
                told = log_probs(model, cache, later.expand(len(policies), -1))
            whole = told[0] if whole is None else whole
            for index, (name, fraction, policy) in enumerate(policies):
                alone = compressed(model, once, [policy], storage)
                rows.append(
                    {
                        "task": context.task,
                        "policy": name,
                        "storage": storage,
                        "fraction": fraction,
                        "right": sum(one[index] for one in right) / len(right),
                        "kl": divergence(told[index], whole, later).kl,
                        "bytes": alone.report().live_bytes,
                    }
                )
        print(rows[-1], flush=True)
    return {"tokens": options.tokens, "contexts": options.contexts, "rows": rows}


def _policies(model: Any, tokenizer: Any, once: Read) -> Iterator[tuple[str, float, im.Policy]]:
    """The default policy, and what reading the context twice knows better."""
    for fraction in FRACTIONS:
        yield "keydiff", fraction, replace(POLICY, budget=im.Budget(fraction=fraction))
    with torch.no_grad():
        whole = compressed(model, once, [im.FULL])
        found = reconstruct(model, tokenizer, whole, once.ids, suffix="<|im_end|>\n<|im_start|>assistant\n")
    plain = im.Policy(score=found, span_tokens=1, min_tokens=0)
    for fraction in FRACTIONS[1:]:
        yield "kvzip", fraction, replace(plain, budget=im.Budget(fraction=fraction), allocate=found.profile(fraction))


def _contexts(count: Any, options: argparse.Namespace) -> Iterator[Context]:
    for number in range(options.contexts):
        for task, hay in HAYSTACKS:
            yield TASKS[task](Random(number), options.tokens, count, hay)
