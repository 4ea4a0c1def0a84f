"""When which request comes: traces, and what can be made of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparing.errors import RequestError

BLOCK_TOKENS = 512  # of a block of the Mooncake traces


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request.

    Attributes:
        blocks: Hashes of its prompt's blocks of `BLOCK_TOKENS`, each of everything up to it: equal ones share a prefix.
        traffic: What class of requests it belongs to.
        hardness: How much of a smaller model's loss it brings, 0..1; a router sees it.
    """

    at_s: float
    input_tokens: int
    output_tokens: int
    blocks: tuple[int, ...] = ()
    traffic: str = ""
    hardness: float = 1.0


def read_trace(path: Path) -> list[Arrival]:
    """A trace as JSON lines of `timestamp` (ms), `input_length`, `output_length` and, if there are any, `hash_ids`.

    Source: Qin et al. 2024, "Mooncake: a KVCache-centric disaggregated architecture for LLM serving".

    Raises:
        RequestError: The file is not there, or a line of it is no request.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"the trace {path} cannot be read: {error}") from error
    arrivals = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            sizes = int(row["input_length"]), int(row["output_length"])
            arrival = Arrival(float(row["timestamp"]) / 1000, *sizes, tuple(row.get("hash_ids", ())))
        except (ValueError, KeyError, TypeError) as error:
            hint = 'each line has to be like {"timestamp": 0, "input_length": 900, "output_length": 60}'
            raise RequestError(f"{path}, line {number}, is no request of a trace", hint=hint) from error
        arrivals.append(arrival)
    if not arrivals:
        raise RequestError(f"the trace {path} is empty")
    return sorted(arrivals, key=lambda arrival: arrival.at_s)


def labelled(arrivals: Iterable[Arrival], shares: dict[str, float], seed: int = 0) -> list[Arrival]:
    """The same, each in a class of traffic drawn by these shares, and as hard as chance has it.

    Most requests are easy for a smaller model and a few are not: the hardness is the square of a uniform number.
    """
    rng = random.Random(seed)
    names, weights = list(shares), list(shares.values())
    return [replace(a, traffic=rng.choices(names, weights)[0], hardness=rng.random() ** 2) for a in arrivals]


def with_burst(
    arrivals: Sequence[Arrival], factor: int, start_s: float, length_s: float, seed: int = 0
) -> list[Arrival]:
    """The same, but for a while `factor` times as many requests: each again and again, a little later."""
    rng = random.Random(seed)
    more = [
        replace(arrival, at_s=arrival.at_s + rng.random() * length_s / 10)
        for arrival in arrivals
        if start_s <= arrival.at_s < start_s + length_s
        for _ in range(factor - 1)
    ]
    return sorted([*arrivals, *more], key=lambda arrival: arrival.at_s)


def faster(arrivals: Iterable[Arrival], factor: float) -> list[Arrival]:
    """The same in less time."""
    return [replace(arrival, at_s=arrival.at_s / factor) for arrival in arrivals]
