"""What dropping inside the model costs and saves: answers, bytes, seconds, on SmolLM2-135M and a CPU.

python benchmarks/inmodel.py answers [--contexts 6] [--tokens 700]  # accuracy against bytes; compress, then ask
python benchmarks/inmodel.py storage [--contexts 6] [--tokens 700]  # the default and kvzip, in eight bits too
python benchmarks/inmodel.py bytes [--contexts 6] [--tokens 700]    # shares of the bytes, in eight bits too
python benchmarks/inmodel.py decode [--lengths 2048,4096,8192]      # milliseconds a token against stock Transformers
python benchmarks/inmodel.py decode --bfloat16                      # the same in the precision that most models come in
python benchmarks/inmodel.py prefill [--lengths 2048,7800]          # pruned against whole, question in the prompt
python benchmarks/inmodel.py skip [--steps 64]                      # drafting with layers skipped, against none
python benchmarks/inmodel.py report                                 # tables and plots from what was measured

Every part writes `results/inmodel-<part>.json`, `storage` and `bytes` one for each length. Two threads. What is
compared alternates within one run: on a busy machine look at the ratios. The weights: `sparing models pull`, or
--model FILE.gguf.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from inmodel_report import write_report
from inmodel_skip import skipping
from inmodel_storage import storing
from transformers import DynamicCache

from sparing import inmodel as im
from sparing.evals.data import data_dir
from sparing.evals.tasks.xquad import SOURCE
from sparing.evals.tasks.xquad import read as read_xquad
from sparing.generate.weights import locate
from sparing.inmodel.evals.ask import ask, compressed, read
from sparing.inmodel.evals.contexts import TASKS, Context
from sparing.inmodel.evals.prose import sentence
from sparing.inmodel.evals.reading import Paragraph, reading
from sparing.inmodel.kvzip import Reconstruction, reconstruct
from sparing.settings.paths import models_folder

RESULTS = Path(__file__).parent / "results"
BEST = im.Policy(min_tokens=0)  # the defaults: echo, shared out among all layers
SPANS = replace(BEST, score="keydiff", span_tokens=3)
PLAIN = im.Policy(score="keydiff", allocate="uniform", min_tokens=0)
SCORES = ("echo", "keydiff", "knorm", "snapkv", "expected", "tova", "h2o", "window", "random")
POLICIES = {"echo, global": BEST, "echo, ada": replace(BEST, allocate="ada"), "keydiff, spans, ada": SPANS} | {
    name: replace(PLAIN, score=name) for name in SCORES
}
FRACTIONS = (0.5, 0.25)
_BASELINES_UP_TO = 4096  # tokens: at longer prompts random and window take minutes to show what is known by then
_CLOCKS = {"cpu": time.process_time, "main": time.thread_time, "wall": time.perf_counter}
HAYSTACKS = (
    ("single", "noise"),
    ("single", "prose"),
    ("multikey", "prose"),
    ("multivalue", "prose"),
    ("vt", "noise"),
    ("cwe", "noise"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("answers", "storage", "bytes", "decode", "prefill", "skip", "report"))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--contexts", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=700)
    parser.add_argument("--lengths", default="2048,4096,8192")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--bfloat16", action="store_true")
    options = parser.parse_args()
    if options.part != "report":
        torch.set_num_threads(2)
        found = options.model or locate("smollm2-135m-instruct", models_folder(os.environ))
        model, tokenizer = im.load_gguf(found)
        im.attach(model.to(torch.bfloat16) if options.bfloat16 else model)
        parts: dict[str, Callable[..., dict[str, Any]]] = {
            "answers": answers,
            "storage": storing,
            "bytes": storing,
            "decode": decode,
            "prefill": prefill,
            "skip": skipping,
        }
        measured = parts[options.part](model, tokenizer, options)
        name = f"{options.part}-{options.tokens}" if options.part in ("storage", "bytes") else options.part
        name = f"{name}-bfloat16" if options.bfloat16 else name
        (RESULTS / f"inmodel-{name}.json").write_text(json.dumps(measured, indent=1) + "\n")
    write_report(RESULTS)


def answers(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per policy and task: share of right answers, bytes, CPU seconds, divergence."""

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    later = " ".join(sentence(Random(7)) for _ in range(4))
    rows: list[dict[str, Any]] = []
    for context in _contexts(count, options):
        once = read(model, tokenizer, context)
        started = time.process_time()
        with torch.no_grad():
            whole = compressed(model, once, [im.FULL])
            found = reconstruct(model, whole, once.ids)
        read_again_s = time.process_time() - started
        policies = [("full", 1.0, im.FULL), *_policies(found)]
        asked = ask(model, tokenizer, once, [policy for _, _, policy in policies], later)
        for (name, fraction, _), result in zip(policies, asked, strict=True):
            rows.append(
                {
                    "task": context.task,
                    "policy": name,
                    "fraction": fraction,
                    "right": sum(result.right) / len(result.right),
                    "bytes": result.live_bytes,
                    "compress_s": result.compress_s + (read_again_s if name.startswith("kvzip") else 0),
                    "prefill_s": once.cpu_s,
                    "kl": result.kl,
                }
            )
        print(context.task, once.ids.shape[1], "tokens", f"{once.cpu_s:.1f} s", flush=True)
    return {"tokens": options.tokens, "contexts": options.contexts, "rows": rows}


def decode(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per length: milliseconds a token, caches taking turns token by token. Contents are random: time does not depend
    on them."""
    rows = []
    for length in (int(text) for text in options.lengths.split(",")):
        caches: dict[str, Any] = {"stock Transformers": DynamicCache(config=model.config)}
        kept = {"nothing dropped": im.FULL} | {
            f"{fraction:.0%} kept": replace(PLAIN, budget=im.Budget(fraction=fraction)) for fraction in FRACTIONS
        }
        caches |= {name: im.DropCache(model, policy) for name, policy in kept.items()}
        caches["50% kept, int8"] = im.DropCache(model, kept["50% kept"], storage="int8")
        caches["50% kept, 1,024 read"] = im.DropCache(model, kept["50% kept"], pages=im.Pages())
        caches["50% kept, ragged"] = im.DropCache(model, replace(SPANS, budget=im.Budget(fraction=0.5)))
        caches["nothing dropped, 1,024 read"] = im.DropCache(model, im.FULL, pages=im.Pages())
        for cache in caches.values():
            _fill(model, cache, length)
        spent: dict[str, list[tuple[float, ...]]] = {name: [] for name in caches}
        token = torch.tensor([[100]])
        for step in range(options.steps + 2):
            for name, cache in caches.items():
                (im.detach if name == "stock Transformers" else im.attach)(model)
                started = [clock() for clock in _CLOCKS.values()]
                with torch.no_grad():
                    model(input_ids=token, cache=cache, logits_to_keep=1)
                if step >= 2:
                    ended = (clock() for clock in _CLOCKS.values())
                    spent[name].append(tuple(end - start for end, start in zip(ended, started, strict=True)))
        im.attach(model)
        stocks = list(zip(*spent["stock Transformers"], strict=True))
        for name, cache in caches.items():
            row: dict[str, Any] = {"length": length, "cache": name, "bytes": _bytes(cache)}
            for clock, ours, stock in zip(_CLOCKS, zip(*spent[name], strict=True), stocks, strict=True):
                row[f"{clock}_ms"] = statistics.median(ours) * 1e3
                row[f"{clock}_ratio"] = statistics.median(s / o for s, o in zip(stock, ours, strict=True))
            rows.append(row)
            print(rows[-1], flush=True)
    return {"steps": options.steps, "dtype": str(model.dtype).removeprefix("torch."), "rows": rows}


def prefill(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per length and context: seconds of prefill and whether the answer is right, whole and pruned."""

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    ways = {
        "whole": None,
        "pruned to 20%": im.Prune(),
        "window": im.Prune(score="window"),
        "random": im.Prune(score="random", span_tokens=1),
    }
    rows = []
    for length in (int(text) for text in options.lengths.split(",")):
        for number in range(options.contexts):
            context = TASKS["single"](Random(100 + number), length, count, ("noise", "prose")[number % 2])
            question = context.questions[0]
            prompt = (
                f"<|im_start|>user\n{context.text}{question.text}<|im_end|>\n<|im_start|>assistant\n{question.lead}"
            )
            ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"]
            for name, how in list(ways.items())[: 4 if length <= _BASELINES_UP_TO else 2]:
                cache = im.DropCache(model, im.FULL)
                cpu, wall = time.process_time(), time.perf_counter()
                with torch.no_grad():
                    if how is None:
                        logits = model(input_ids=ids, cache=cache, logits_to_keep=1).logits
                    else:
                        with im.prune(model, cache, how):
                            logits = model(input_ids=ids, cache=cache, logits_to_keep=1).logits
                spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
                told = _continue(model, tokenizer, cache, logits)
                row = {"length": length, "context": number, "way": name, "right": float(question.answers[0] in told)}
                rows.append(row | spent | {"bytes": cache.report().live_bytes})
                print(rows[-1], flush=True)
    return {"contexts": options.contexts, "rows": rows}


def _contexts(count: Callable[[str], int], options: argparse.Namespace) -> Iterator[Context]:
    for number in range(options.contexts):
        for task, hay in HAYSTACKS:
            yield TASKS[task](Random(number), options.tokens, count, hay)
    path = data_dir() / SOURCE.folder / "en.jsonl"
    if path.is_file():
        articles, queries = read_xquad(path)
        asked: dict[int, list[tuple[str, str]]] = {}
        for query in queries:
            asked.setdefault(query.paragraph, []).append((query.question, query.answer))
        numbers = iter(range(sum(map(len, articles))))
        whole = [[Paragraph(text, tuple(asked.get(next(numbers), ()))) for text in article] for article in articles]
        yield from list(reading(whole, Random(0), options.tokens, count))[: options.contexts]


def _policies(found: Reconstruction) -> Iterator[tuple[str, float, im.Policy]]:
    for fraction in FRACTIONS:
        budget = im.Budget(fraction=fraction)
        for name, policy in POLICIES.items():
            yield name, fraction, replace(policy, budget=budget)
        yield "kvzip, global", fraction, replace(BEST, score=found, budget=budget)


def _fill(model: Any, cache: Any, length: int) -> None:
    config = model.config
    random = torch.Generator().manual_seed(0)
    for index in range(config.num_hidden_layers):
        shape = (1, config.num_key_value_heads, length, config.head_dim)
        keys, values = (torch.randn(shape, generator=random).to(model.dtype) for _ in range(2))
        if isinstance(cache, im.DropCache):
            layer: Any = cache.layers[index]
            layer.lazy_initialization(keys, values)
            layer.append(keys, values, None)
            layer.finish(keys.new_zeros(1, shape[1], 1, length, 1), None, 1.0)
        else:
            cache.update(keys, values, index)


def _bytes(cache: Any) -> int:
    if isinstance(cache, im.DropCache):
        return cache.report().allocated_bytes
    return sum(part.untyped_storage().nbytes() for layer in cache.layers for part in (layer.keys, layer.values))


@torch.no_grad()
def _continue(model: Any, tokenizer: Any, cache: im.DropCache, logits: torch.Tensor, tokens: int = 12) -> str:
    told = []
    for _ in range(tokens):
        told.append(int(logits[0, -1].argmax()))
        logits = model(input_ids=torch.tensor([[told[-1]]]), cache=cache, logits_to_keep=1).logits
    return str(tokenizer.decode(told))


if __name__ == "__main__":
    main()
