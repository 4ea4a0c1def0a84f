"""What one decision takes: CPU of the thread, with and without depths, where the goals can be met and where not.

    python benchmarks/decisions.py

4 tiers, 3 efforts, 5 depths where depths are decided, with and without the ceiling that pressure would set. Between
decisions an answer comes back and everything that is known changes a little, as in a running gateway. Beside the
slowest hundredth stands that of the best of every five in a row: the machine's other processes take part in the first.
Cold: as many bytes as the processor's caches hold are written between two decisions.

A decision is `Decider.decide`: from a request's policy, size and kind to tier, effort, depth and ceiling. What it is
told of the request (the last row), its key, its quota and what is learned from the answer are not in it. It knows
nothing of tenants; `sparing eval load:tenants` measures all that lets a request in, with 100,000 of them.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from itertools import count

from sparing.core.budget import Mode
from sparing.core.upstream import Served
from sparing.core.usage import Usage
from sparing.gateway.anticipating import Anticipated
from sparing.gateway.controls import Controls
from sparing.gateway.deciding import Decider
from sparing.gateway.depths import Wanted
from sparing.gateway.exchange import Exchange
from sparing.plan.anticipate.classifier import Classifier, shipped
from sparing.plan.anticipate.marks import Turn
from sparing.plan.anticipate.nature import Nature
from sparing.settings import PolicySettings, Settings
from sparing.settings.policies import NamedPolicy, UnderPressure
from sparing.settings.tree import TierSettings

_WIRE, _NUM, _OF = "openai.chat", 3_000, 5
_NUM_COLD, _CACHE_BYTES = 700, 8 << 20
_MODELS = (
    ("tiny", "gpt-5-nano", 0.15),
    ("small", "gpt-5-mini", 0.05),
    ("large", "gpt-5", 0.01),
    ("best", "gpt-5.1", 0.0),
)
_DEPTHS = ("high", "medium", "low", "minimal", "none")


def main() -> None:
    """Print a table."""
    goals = {"met": {"answer_s": 60.0, "loss": 0.1}, "met by nobody": {"first_token_s": 0.01, "answer_s": 0.05}}
    print("| | median | p99 | p99 of best of 5 | cold: median | p99 |\n|---|---:|---:|---:|---:|---:|")
    for name, goal in goals.items():
        for depths in ((), _DEPTHS[1:4], _DEPTHS):
            policy = NamedPolicy(**goal, depths=depths, under_pressure=UnderPressure(answer_tokens=200))
            label = f"goals {name}, {f'{len(depths)} depths' if depths else 'depth as it is'}"
            _print(label, _times(policy), _times(policy, is_cold=True))
    classifier, texts = shipped(), (f"{number} {_text()}" for number in count())
    _print("told apart: newest turn read and classified, 1 kB", _timed(lambda: _nature(next(texts), classifier)))


def _times(policy: NamedPolicy, *, is_cold: bool = False) -> list[float]:
    tiers = tuple(
        TierSettings(name, "openai", model=model, expected_loss=loss, at_once=8) for name, model, loss in _MODELS
    )
    decider, rng = Decider(Settings(tiers=tiers), ()), random.Random(0)
    controls, taken = Controls(Mode.ON, PolicySettings(effort="safe")), []
    told = shipped().nature(Turn(_text(), size=900))
    others = bytearray(_CACHE_BYTES)
    for _ in range(_NUM_COLD if is_cold else _NUM):
        if is_cold:
            others[:] = bytes(_CACHE_BYTES)
        wanted = Wanted("high", None, rng.randbytes(12), may_be_brief=True)
        started = time.thread_time_ns()
        decided = decider.decide(
            "p",
            policy,
            controls,
            wire=_WIRE,
            tokens=rng.randint(500, 20_000),
            model="x",
            nature=told,
            wanted=wanted,
            answer_tokens=4_000,
            effort_is_open=True,
            tiers=(),
        )
        taken.append((time.thread_time_ns() - started) / 1000)
        assert decided is not None
        decider.over(decided, _answered(decided.decision.tier, decided.decision.depth, rng), stream=True, was_cut=False)
    return taken[200:]


def _nature(text: str, classifier: Classifier) -> Nature:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    return Anticipated(body, classifier).nature


def _answered(tier: str, depth: str, rng: random.Random) -> Exchange:
    """An answer as it came back."""
    thought = rng.randint(0, 900) if depth not in ("", "none") else 0
    said = rng.randint(20, 600)
    exchange = Exchange(_WIRE, status=200, usage=Usage(4_000, said + thought, 0, (), thought))
    exchange.served = Served(tier, thought=depth)
    exchange.sent_s, exchange.first_byte_s = 10.0, 10.4 + 0.01 * thought * rng.random()
    exchange.ended_s = exchange.first_byte_s + 0.012 * said
    return exchange


def _timed(call: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(_NUM):
        started = time.thread_time_ns()
        call()
        taken.append((time.thread_time_ns() - started) / 1000)
    return taken


def _text() -> str:
    return "Why does my build fail with a KeyError since yesterday? Here is what it says. " * 12


def _print(name: str, warm: list[float], cold: list[float] | None = None) -> None:
    best = sorted(min(warm[at : at + _OF]) for at in range(0, len(warm) - _OF, _OF))
    cells = [*_at(warm, 0.5, 0.99), *_at(best, 0.99), *(_at(cold, 0.5, 0.99) if cold else ())]
    print(f"| {name} | {' | '.join(f'{cell:.0f} us' for cell in cells)} |")


def _at(taken: list[float], *shares: float) -> list[float]:
    ordered = sorted(taken)
    return [ordered[int(share * len(ordered))] for share in shares]


if __name__ == "__main__":
    main()
