"""Decoding and time to first token on a GPU: an 8B Llama shape, bfloat16, random weights: time does not ask for others.

python benchmarks/inmodel_gpu.py [--lengths 8192,32768,131072] [--batches 1,16,64] [--steps 16]
python benchmarks/inmodel_gpu.py --dry        # the same on a CPU with a tiny model: does everything run?

Writes `results/inmodel-gpu.json`, a row at a time: per length and batch, milliseconds a token of stock Transformers, of
nothing dropped, of a half and a quarter kept, and of a half in eight bits, and what of them the card computed (the rest
is Python, waiting to launch), beside the floor (bytes of weights and of stored keys and values over the card's
bandwidth); seconds to the first token, whole, block-sparse (one FlexAttention kernel, compiled beforehand) and pruned;
and how many prompts of the greatest length fit. What does not fit or run is listed as such, not left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from sparing import inmodel as im

RESULTS = Path(__file__).parent / "results" / "inmodel-gpu.json"
LLAMA_8B = {
    "vocab_size": 128256,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 1 << 18,
    "rope_theta": 500_000.0,
}
TINY = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1 << 18,
}
BANDWIDTH_BYTES_S = {"H200": 4.8e12, "H100": 3.35e12, "A100": 2.0e12}  # HBM, from the data sheets
# Rows of one length: one call of attention per layer. A score that looks at keys alone: there are no queries.
HALF = im.Policy(score="keydiff", span_tokens=3, allocate="uniform", min_tokens=0)
_WARM_TOKENS = 8192
_FLASH = "stock Transformers, flash only"  # left to itself PyTorch plans cuDNN's kernel anew for every length
POLICIES = {
    "nothing dropped": im.FULL,
    "50% kept": HALF,
    "25% kept": replace(HALF, budget=im.Budget(fraction=0.25)),
    "50% kept, int8": HALF,
}


@dataclass(frozen=True, slots=True)
class Bench:
    """The model, and where it stands. `bandwidth_bytes_s` is None where it is not known."""

    model: Any
    device: torch.device
    steps: int
    bandwidth_bytes_s: float | None

    def seconds(self, work: Callable[[], object]) -> float:
        self.wait()
        started = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - started

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def tokens(self, batch: int, length: int) -> torch.Tensor:
        return torch.randint(1, self.model.config.vocab_size, (batch, length), device=self.device)

    @property
    def weight_bytes(self) -> int:
        return sum(weight.numel() * weight.itemsize for weight in self.model.parameters())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", default="")
    parser.add_argument("--batches", default="")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if not options.dry and not torch.cuda.is_available():
        print(
            "No CUDA device: nothing was measured. `--dry` runs everything with a tiny model on a CPU.", file=sys.stderr
        )
        return 2
    lengths = _numbers(options.lengths or ("128,256" if options.dry else "8192,32768,131072"))
    batches = _numbers(options.batches or ("1,2" if options.dry else "1,16,64"))
    bench = _bench(options.dry, options.steps)
    card = "CPU, dry run" if options.dry else torch.cuda.get_device_name()
    found: dict[str, Any] = {"card": card, "torch": torch.__version__, "dry": options.dry}
    with torch.inference_mode():
        for part, row in _rows(bench, lengths, batches, dry=options.dry):
            found.setdefault(part, []).append(row)
            print(part, row, flush=True)
            options.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _rows(bench: Bench, lengths: list[int], batches: list[int], *, dry: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for length in lengths:
        for batch in batches:
            yield from (("decode", row) for row in decode(bench, length, batch))
        yield from (("first_token", row) for row in first_token(bench, length))
    if not dry:
        yield from (("concurrency", row) for row in concurrency(bench, max(lengths)))


def decode(bench: Bench, length: int, batch: int) -> Iterator[dict[str, Any]]:
    """Milliseconds a token after a prompt of this length, one cache after the other: together they would not fit."""
    for name in ("stock Transformers", _FLASH, *POLICIES):
        row: dict[str, Any] = {"length": length, "batch": batch, "cache": name}
        yield row | _or_why_not(lambda name=name: _decoded(bench, name, length, batch))


def first_token(bench: Bench, length: int) -> Iterator[dict[str, Any]]:
    """Seconds to the first token of one prompt; `prune` keeps a fifth of the tokens after half of the layers."""
    ids = bench.tokens(1, length)
    for name in ("stock Transformers", "whole", "block-sparse", "pruned"):
        # The first prompt of all loads kernels, and that of block-sparse attention is compiled for the first lengths.
        warm = ids if name == "block-sparse" else ids[:, :_WARM_TOKENS]
        _or_why_not(lambda name=name, warm=warm: {"s": bench.seconds(lambda: _prefill(bench, name, warm))})
        row = {"length": length, "way": name}
        yield row | _or_why_not(lambda name=name: {"s": bench.seconds(lambda: _prefill(bench, name, ids))})


def concurrency(bench: Bench, length: int, most: int = 64) -> Iterator[dict[str, Any]]:
    """How many prompts of this length, compressed, fit beside the weights and decode one token."""
    for name in ("stock Transformers", *POLICIES):
        held: list[Any] = []
        try:
            while len(held) < most:
                held.append(_filled(bench, name, length, 1))
                bench.model(input_ids=bench.tokens(1, 1), cache=held[-1], logits_to_keep=1)
        except torch.OutOfMemoryError:
            held = held[:-1]
        yield {"length": length, "cache": name, "prompts": len(held)}
        held.clear()
        torch.cuda.empty_cache()


def _decoded(bench: Bench, name: str, length: int, batch: int) -> dict[str, Any]:
    cache, token = _filled(bench, name, length, batch), bench.tokens(batch, 1)

    def step() -> None:
        with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]) if name == _FLASH else nullcontext():
            bench.model(input_ids=token, cache=cache, logits_to_keep=1)

    spent = [bench.seconds(step) for _ in range(bench.steps + 2)]
    stored_bytes = _stored_bytes(cache)
    row: dict[str, Any] = {"ms": statistics.median(spent[2:]) * 1e3, "stored_bytes": stored_bytes}
    if bench.bandwidth_bytes_s is not None:
        row["floor_ms"] = (bench.weight_bytes + stored_bytes) / bench.bandwidth_bytes_s * 1e3
        row["card_ms"] = _card_ms(step)
    return row


def _card_ms(step: Callable[[], None]) -> float:
    """What the card computed in one step, all kernels together."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        step()
        torch.cuda.synchronize()
    return sum(event.self_device_time_total for event in profile.key_averages()) / 1e3


def _prefill(bench: Bench, name: str, ids: torch.Tensor) -> None:
    cache = _empty(bench, "stock Transformers" if name == "stock Transformers" else "nothing dropped", name)
    if name == "pruned":
        with im.prune(bench.model, cache, im.Prune(min_tokens=0)):
            bench.model(input_ids=ids, cache=cache, logits_to_keep=1)
    else:
        bench.model(input_ids=ids, cache=cache, logits_to_keep=1)


def _empty(bench: Bench, name: str, way: str = "") -> Any:
    if name in ("stock Transformers", _FLASH):
        im.detach(bench.model)
        return DynamicCache(config=bench.model.config)
    im.attach(bench.model)
    return im.DropCache(
        bench.model,
        POLICIES[name],
        sparse=im.SparsePrefill(min_tokens=0) if way == "block-sparse" else None,
        storage="int8" if name.endswith("int8") else "exact",
    )


def _filled(bench: Bench, name: str, length: int, batch: int) -> Any:
    """A cache with random contents, compressed by its policy: a batch of long prompts takes minutes to read."""
    cache, config = _empty(bench, name), bench.model.config
    shape = (batch, config.num_key_value_heads, length, config.head_dim)
    for index in range(config.num_hidden_layers):
        keys, values = (torch.randn(shape, device=bench.device, dtype=bench.model.dtype) for _ in range(2))
        if isinstance(cache, im.DropCache):
            layer: Any = cache.layers[index]
            layer.lazy_initialization(keys, values)
            layer.append(keys, values, None)
            layer.finish(keys.new_zeros(batch, shape[1], 1, length, 1), None, 1.0)
        else:
            cache.update(keys, values, index)
    return cache


def _stored_bytes(cache: Any) -> int:
    if isinstance(cache, im.DropCache):
        return cache.report().live_bytes
    return sum(part.numel() * part.itemsize for layer in cache.layers for part in (layer.keys, layer.values))


def _or_why_not(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One row that fails must not cost the others: a lent card is not lent twice."""
    try:
        return work()
    except torch.OutOfMemoryError:
        return {"why": "out of memory"}
    except Exception as error:
        return {"why": f"{type(error).__name__}: {error}"[:300]}
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _bench(dry: bool, steps: int) -> Bench:
    device = torch.device("cpu" if dry else "cuda")
    with torch.device(device):
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32 if dry else torch.bfloat16)
        try:
            model = LlamaForCausalLM(LlamaConfig(**(TINY if dry else LLAMA_8B))).eval()
        finally:
            torch.set_default_dtype(before)
    name = "" if dry else torch.cuda.get_device_name()
    bandwidth = next((speed for card, speed in BANDWIDTH_BYTES_S.items() if card in name), None)
    return Bench(im.attach(model), device, 2 if dry else steps, bandwidth)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
