"""What a shared batch is worth: tokens per second of several requests at once against one at a time.

Needs the `torch` extra and the embedded model (`sparing models pull`).

    python benchmarks/torch_engine.py [POLICY] [PROMPT_SENTENCES]
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from sparing.core.upstream import Call
from sparing.generate.torch_engine.batch import Batch
from sparing.generate.torch_engine.upstream import TorchUpstream
from sparing.settings import LocalSettings
from sparing.settings.paths import models_folder

_ANSWER_TOKENS = 24


class TimedSteps:
    """Wall and CPU seconds of every step of a batch of `size`."""

    def __init__(self, size: int) -> None:
        self.size, self.steps, self.wall_s, self.cpu_s = size, 0, 0.0, 0.0

    def __enter__(self) -> TimedSteps:
        self._step = step = Batch.step

        def timed(batch: Batch, tokens: list[int]) -> object:
            wall, cpu, size = time.perf_counter(), time.process_time(), len(batch)
            logits = step(batch, tokens)
            if size == self.size:
                self.steps += 1
                self.wall_s += time.perf_counter() - wall
                self.cpu_s += time.process_time() - cpu
            return logits

        Batch.step = timed  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        Batch.step = self._step  # type: ignore[method-assign]


async def measure(upstream: TorchUpstream, policy: str, sentences: int, at_once: int) -> str:
    filler = " ".join(f"Item {number} is of no interest." for number in range(sentences))
    text = f"{filler} Write a long story about a lamp."  # long enough that all answer at the same time
    message = {"role": "user", "content": text}
    body = json.dumps({"messages": [message], "max_tokens": _ANSWER_TOKENS + at_once}).encode()
    call = Call("openai.chat", "POST", "/v1/chat/completions", {"x-sparing-kv-policy": policy}, body)

    async def ask() -> dict[str, int]:
        answer = await upstream.send(call)
        usage: dict[str, int] = json.loads(b"".join([chunk async for chunk in answer.chunks()]))["usage"]
        return usage

    with TimedSteps(at_once) as timed:
        usage = (await asyncio.gather(*(ask() for _ in range(at_once))))[0]
    tokens = timed.steps * at_once
    return (
        f"{at_once:7} {usage['prompt_tokens']:7} {usage['kv_kept_tokens']:6} "
        f"{tokens / timed.wall_s:10.1f} {tokens / timed.cpu_s:16.1f}"
    )


async def main(policy: str = "off", sentences: str = "2") -> None:
    upstream = TorchUpstream(LocalSettings(engine="torch", kv_bytes=8 << 30), models_folder(os.environ))
    print(f"policy {policy}\nat once  prompt   kept   tokens/s   tokens/CPU second", flush=True)
    for at_once in (1, 2, 4, 8):
        print(await measure(upstream, policy, int(sentences), at_once), flush=True)
    await upstream.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
