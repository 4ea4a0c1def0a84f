"""CPU that a turn adds to a long agent session: 200 turns and 200,000 tokens of tool results, chat and code.

Each turn's request is reduced as the gateway would reduce it. Warm: in the process that has just reduced the turn
before. Cold: in a process of its own that has loaded what a gateway loads when it starts, and has seen nothing of the
conversation. CPU time of the process on one core, the median over neighbouring turns; the session is another one for
every seed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.content import Content
from sparing.evals.material import material
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.evals.traffic.bodies import encode, read_logged
from sparing.evals.traffic.conversation import Conversation, Json
from sparing.evals.traffic.others import tried
from sparing.evals.traffic.sent import sent
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for
from sparing.warm import warm_up

_TURNS = 200
_LENGTHS = (25, 50, 100, 150, 200)
_NEIGHBOURS = 5  # turns up to each length that are timed
_MODEL = "gpt-4o"
_CONTENTS = (
    Content.JSON_ROWS,
    Content.LOG,
    Content.CODE,
    Content.PROSE,
    Content.GREP,
    Content.JSON,
    Content.TEST_OUTPUT,
    Content.DIFF,
    Content.MARKDOWN,
    Content.TABLE,
)
_RESULT_CHARS = (500, 4_200)  # such that 200 turns are about 200,000 tokens
_WISHES = (
    "Now look at the ledger module: which order failed first, and why?",
    "Thanks. Is the same thing wrong in the other region? Check the newest log, please.",
    "Please go on, but do not change the schema of the invoices table.",
)
_ASKED_EVERY = 8  # turns; between them the agent goes on by itself
_COLD = """
import sys, time
from sparing.evals.tasks.long_session import once, warm_up, _MODEL, tried
warm_up(_MODEL)
body = sys.stdin.buffer.read()
print(once(body, tried(sys.argv[1])))
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """One length of the session.

    Attributes:
        tokens: Of the request as it came. `kept`: share of them that was sent.
        warm_ms, cold_ms: CPU for one reduction.
    """

    turns: int
    tokens: int
    kept: float
    warm_ms: float
    cold_ms: float


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """Time a session at several lengths; n cold processes per length, the option is an effort."""
    policy = tried(draw.option)
    messages = session(draw.seed)
    warm_up(_MODEL)
    timings = [_timing(messages, turns, policy, draw) for turns in _LENGTHS]
    return _report(timings, policy, draw)


def session(seed: int, turns: int = _TURNS) -> list[Json]:
    """Messages of the first turns: a wish now and then, and a call with its result in every turn."""
    rng = random.Random(seed)
    messages: list[Json] = [{"role": "system", "content": "You are a careful engineer. Never delete a file."}]
    for turn in range(turns):
        if turn % _ASKED_EVERY == 0:
            messages.append({"role": "user", "content": f"{rng.choice(_WISHES)} (ticket {1000 + turn})"})
        content = _CONTENTS[turn % len(_CONTENTS)]
        function = {"name": f"get_{content}", "arguments": f'{{"page": {turn}, "of": "ledger"}}'}
        call = {"id": f"call_{turn}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": f"I look at page {turn}.", "tool_calls": [call]})
        result = _result(content, rng.randint(*_RESULT_CHARS), 1000 * seed + turn)
        messages.append({"role": "tool", "tool_call_id": f"call_{turn}", "content": result})
    return messages


def _result(content: Content, chars: int, seed: int) -> str:
    """About so many characters, cut at the end of a line; JSON comes in the size asked for."""
    text = material(content, chars, seed)
    if content in (Content.JSON, Content.JSON_ROWS):
        return text
    return text[: text.rfind("\n", 0, chars) + 1] or text[:chars]


def conversation(seed: int, turns: int) -> Conversation:
    """The requests of the first turns of a session."""
    logged = read_logged({"messages": session(seed, turns)[:-1]}, _MODEL)  # what came of the last call nobody read
    return Conversation(f"session-{seed}", logged.wire, logged.turns)


def body_at(messages: Sequence[Json], turns: int) -> bytes:
    """The request after so many results."""
    ends = [at for at, message in enumerate(messages, 1) if message["role"] == "tool"]
    return encode({"model": _MODEL, "messages": messages[: ends[turns - 1]]})


def once(body: bytes, policy: PolicySettings) -> float:
    """CPU milliseconds of one reduction."""
    wire = registry.load("wires", "openai.chat")
    started = time.process_time()
    reduce_body(body, wire, policy, Budget(), Mode.ON)
    return 1000 * (time.process_time() - started)


def _timing(messages: Sequence[Json], turns: int, policy: PolicySettings, draw: Draw) -> Timing:
    bodies = [body_at(messages, at) for at in range(turns - _NEIGHBOURS, turns + 1)]
    prompt = registry.load("wires", "openai.chat").parse(bodies[-1])
    kept = reduce_body(bodies[0], registry.load("wires", "openai.chat"), policy, Budget(), Mode.ON).receipt.kept
    warm = [once(body, policy) for body in bodies[1:]]
    cold = [_cold(bodies[-1], policy) for _ in range(draw.n)]
    return Timing(turns, sent(prompt, counter_for(_MODEL)).tokens, kept, median(warm), median(cold))


def _cold(body: bytes, policy: PolicySettings) -> float:
    command = [sys.executable, "-c", _COLD, policy.effort]
    return float(subprocess.run(command, input=body, capture_output=True, check=True).stdout)


def _report(timings: Sequence[Timing], policy: PolicySettings, draw: Draw) -> Report:
    rows = tuple(
        (f"{t.turns}", f"{t.tokens:,}", f"{100 * t.kept:.0f} %", f"{t.warm_ms:.1f}", f"{t.cold_ms:.0f}")
        for t in timings
    )
    lines = (
        Series("warm", tuple(Spot(t.turns, t.warm_ms, t.warm_ms, t.warm_ms) for t in timings)),
        Series("cold", tuple(Spot(t.turns, t.cold_ms, t.cold_ms, t.cold_ms) for t in timings)),
    )
    return Report(
        "long_session" + (f":{draw.option}" if draw.option else ""),
        "CPU that a turn adds to a long session",
        (Table("", ("turns", "tokens of the request", "kept", "warm, CPU ms", "cold, CPU ms"), rows),),
        (Chart("CPU per turn", "turns so far", "ms", lines, log_y=True),),
        (
            f"Effort {policy.effort}, seed {draw.seed}. Warm: median of {_NEIGHBOURS} turns, each reduced right after "
            f"the turn before it. Cold: median of {draw.n} fresh processes, loading not counted.",
        ),
        {"n": draw.n, "seed": draw.seed, "timings": [asdict(t) for t in timings]},
    )


BENCH = Bench("long_session", 0, "CPU of a long session's turns", 3, measure)
