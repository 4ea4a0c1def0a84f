"""Answers, divergence and bytes of what was kept, stored in the model's precision and in eight bits: by shares of the
tokens, or of the bytes."""

from __future__ import annotations

import argparse
import time
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
HAYSTACKS = (("multikey", "prose"), ("single", "noise"), ("single", "prose"))
_MULTIKEY_EACH = 3  # contexts with one key are the easy ones: one for so many with several


def storing(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per storage, share kept and task; the divergence is from keeping everything in the model's precision, the cost in
    CPU seconds of the prefill."""

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    later = torch.tensor([encode(" ".join(sentence(Random(7)) for _ in range(4)))])
    rows: list[dict[str, Any]] = []
    for context in _contexts(lambda text: len(encode(text)), options):
        once = read(model, tokenizer, context)
        found, read_again_s = _read_twice(model, once) if options.part == "storage" else (None, 0.0)
        policies = list(_of_tokens(found) if found else _of_bytes())
        costs = [_compress_s(model, once, policy) + read_again_s * (name == "kvzip") for name, _, policy in policies]
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
                        "cost": 1 + costs[index] / once.cpu_s,
                    }
                )
        print(context.task, once.ids.shape[1], "tokens", f"{once.cpu_s:.1f} s", flush=True)
    dtype = str(model.dtype).removeprefix("torch.")
    told = {"tokens": options.tokens, "contexts": options.contexts, "shares": options.part, "dtype": dtype}
    return {**told, "rows": rows}


def _of_tokens(found: Reconstruction) -> Iterator[tuple[str, float, im.Policy]]:
    """What keeps everything, the default, and what reading the context twice knows."""
    yield "full", 1.0, im.FULL
    for fraction in FRACTIONS:
        kept = replace(DEFAULT, budget=im.Budget(fraction=fraction))
        yield "echo", fraction, kept
        yield "kvzip", fraction, replace(kept, score=found)


def _of_bytes() -> Iterator[tuple[str, float, im.Policy]]:
    """What keeps everything, and the default within shares of what that takes in the model's precision."""
    yield "full", 1.0, im.FULL
    for fraction in FRACTIONS:
        yield "echo", fraction, replace(DEFAULT, budget=im.Budget(byte_fraction=fraction))


@torch.no_grad()
def _read_twice(model: Any, once: Read) -> tuple[Reconstruction, float]:
    whole = compressed(model, once, [im.FULL])
    started = time.process_time()
    found = reconstruct(model, whole, once.ids)
    return found, time.process_time() - started


def _compress_s(model: Any, once: Read, policy: im.Policy) -> float:
    started = time.process_time()
    compressed(model, once, [policy])
    return time.process_time() - started


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
