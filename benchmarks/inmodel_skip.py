"""The part of `inmodel.py` about layers left out: drafts that are checked, and tokens that leave early."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from random import Random
from typing import Any

import torch

from sparing import inmodel as im
from sparing.inmodel.evals.prose import sentence

_ASKED = (
    "Explain how a refrigerator works to a ten-year-old.",
    "Write a short letter to a landlord about a broken heater.",
    "What should I think of before I adopt a dog?",
)
_TEXTS = (
    "A bicycle stays upright because its front wheel turns into every fall. When it leans to the left, the wheel "
    "steers to the left, and the ground pushes the frame back under the rider. Faster, it needs less of a turn.",
    "Dear Ms Keller, thank you for the invitation. I would like to come on Friday, but my train arrives only at seven "
    "in the evening. Could we meet at the restaurant instead? I am looking forward to seeing you. Kind regards, Jonas",
    "Before you paint a room, move the furniture to the middle and cover it. Wash the walls, fill the holes, and let "
    "them dry. Put tape along the windows. Start with the ceiling, then paint the walls from the top to the bottom.",
)  # what leaving early is fitted to
_FITTED = (
    "Repeat this text exactly, word for word:\n" + _TEXTS[0],
    "Describe how to bake a simple loaf of bread.",
)  # whose answers skipping is fitted to


def skipping(model: Any, tokenizer: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Per prompt: seconds of a greedy answer told in five ways, and whether they agree; what was fitted."""
    told = [_tell(model, _asking(tokenizer, prompt), "attached", options.steps)[1] for prompt in _FITTED]
    text = " ".join([*_TEXTS, *(sentence(Random(number)) for number in range(1000, 1012))])
    cpu = time.process_time()
    skip = im.fit_skip(model, torch.cat(told, dim=1), passes=64)
    skip_s, cpu = time.process_time() - cpu, time.process_time()
    print(skip, f"{skip_s:.0f} s", flush=True)
    leave = im.fit_exit(model, _ids(tokenizer, text)[:, :320])
    exit_s = time.process_time() - cpu
    print(leave, f"{exit_s:.0f} s", flush=True)
    rows: list[dict[str, Any]] = []
    stock = torch.empty(0)
    for number, (kind, prompt) in enumerate(_prompts(options.contexts)):
        ids = _asking(tokenizer, prompt)
        ways = {"stock": None, "attached": None, "skipping": skip, "always skipping": replace(skip, always=True)}
        for way, how in {**ways, "leaving early": leave}.items():
            row, answer = _tell(model, ids, way, options.steps, how)
            stock = answer if way == "stock" else stock
            rows.append({"prompt": number, "kind": kind, "same": torch.equal(answer, stock)} | row)
            print(rows[-1], flush=True)
    return {
        "steps": options.steps,
        "of": model.config.num_hidden_layers,
        "skip": asdict(skip) | {"fit_s": skip_s},
        "exit": asdict(leave) | {"fit_s": exit_s},
        "rows": rows,
    }


def _tell(
    model: Any, ids: torch.Tensor, way: str, tokens: int, how: im.Skip | im.Exit | None = None
) -> tuple[dict[str, Any], torch.Tensor]:
    (im.detach if way == "stock" else im.attach)(model)
    cpu, wall = time.process_time(), time.perf_counter()
    more: dict[str, Any] = {}
    plain = {"max_new_tokens": tokens, "do_sample": False}
    if isinstance(how, im.Skip):
        done = im.speculate(model, ids, skip=how, max_new_tokens=tokens)
        told = done.tokens
        kept = ("drafted", "accepted", "rounds", "plain_s", "draft_s", "verify_s", "on", "why")
        more = {name: getattr(done, name) for name in kept}
    elif isinstance(how, im.Exit):
        cache = im.DropCache(model, im.FULL)
        with im.exiting(model, cache, how) as exited:
            told = model.generate(ids, cache=cache, **plain)
        more = {"early": exited.early}
    elif way == "stock":
        told = model.generate(ids, **plain)
    else:
        told = model.generate(ids, cache=im.DropCache(model, im.FULL), **plain)
    spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    return {"way": way, "tokens": told.shape[1] - ids.shape[1]} | spent | more, told


def _asking(tokenizer: Any, prompt: str) -> torch.Tensor:
    return _ids(tokenizer, f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n")


def _prompts(each: int) -> Iterator[tuple[str, str]]:
    """Answers of two kinds: what stands in the prompt, which is easy to draft, and what has to be made up."""
    for number in range(each):
        text = " ".join(sentence(Random(10 * number + line)) for line in range(4))
        yield "repeat", f"Repeat this text exactly, word for word:\n{text}"
        yield "write", _ASKED[number % len(_ASKED)]


def _ids(tokenizer: Any, text: str) -> torch.Tensor:
    ids: torch.Tensor = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    return ids
