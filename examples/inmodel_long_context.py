"""A long context read once, compressed, then asked about: bytes, seconds and answers for 100 %, 50 % and 25 % of its
tokens, and in eight bits for a quarter of the bytes and for half of the tokens.

    pip install "sparing[torch]"
    sparing models pull
    python examples/inmodel_long_context.py [--tokens 2000]

The answers are those of a model of 135 million parameters.
"""

from __future__ import annotations

import argparse
import os
import time
from random import Random

import torch

from sparing import inmodel as im
from sparing.generate.weights import locate
from sparing.inmodel.evals.prose import sentence
from sparing.settings.paths import models_folder

FACT = "One of the special magic numbers for {name} is: {number}."
ASKED = "What is the special magic number for {name} mentioned in the provided text?"
LEAD = "The special magic number for {name} mentioned in the provided text is"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2000)
    tokens = parser.parse_args().tokens
    torch.set_num_threads(2)
    model, tokenizer = im.load_gguf(locate("smollm2-135m-instruct", models_folder(os.environ)))
    im.attach(model)

    random = Random(4)
    lines = [sentence(random) for _ in range(tokens // 20)]
    lines.insert(len(lines) // 3, FACT.format(name="violin", number="4417093"))
    context = "<|im_start|>user\nSome special magic numbers are hidden in the text. Memorize them.\n" + " ".join(lines)
    ids = tokenizer(context + "\n", return_tensors="pt", add_special_tokens=False)["input_ids"]
    print(f"{ids.shape[1]:,} tokens, compressed before the question is known\n")
    print("  kept                   MiB   read   score   ms/token   answer (the number is 4417093)")
    for budget, storage in (
        ("100%", "exact"),
        ("50%", "exact"),
        ("25%", "exact"),
        ("25% of bytes", "int8"),
        ("50%", "int8"),
    ):
        cache = im.DropCache(model, im.Policy(budget=im.Budget.parse(budget)), storage=storage)
        show(model, tokenizer, cache, ids, f"{budget:>12} {storage:5}")


@torch.no_grad()
def show(model, tokenizer, cache: im.DropCache, ids: torch.Tensor, name: str) -> None:
    started = time.perf_counter()
    model(input_ids=ids, cache=cache, logits_to_keep=1)
    read_s = time.perf_counter() - started
    report = cache.report()
    question = f"{ASKED}<|im_end|>\n<|im_start|>assistant\n{LEAD}".format(name="violin")
    asked = tokenizer(question, return_tensors="pt", add_special_tokens=False)["input_ids"]
    started, told = time.perf_counter(), []
    with cache.hold():  # the question itself is not compressed
        for _ in range(16):
            asked = model(input_ids=asked, cache=cache, logits_to_keep=1).logits[:, -1:].argmax(-1)
            told.append(int(asked))
            if told[-1] == tokenizer.eos_token_id:
                break
    token_ms = (time.perf_counter() - started) / len(told) * 1e3
    answer = tokenizer.decode(told, skip_special_tokens=True).strip().replace("\n", " ")
    size = f"{report.live_bytes / 2**20:8.1f}"
    print(f"{name}  {size}  {read_s:4.1f}s  {report.scoring_s:5.2f}s   {token_ms:8.0f}   {answer}")


if __name__ == "__main__":
    main()
