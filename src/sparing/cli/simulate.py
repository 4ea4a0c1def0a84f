"""`sparing simulate`: what would these goals cost, and how fast would they be answered?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.options import json_option
from sparing.cli.output import console, write, write_json
from sparing.cli.progress import busy

if TYPE_CHECKING:
    from sparing.evals.simulate.outcome import Outcome


@click.command()
@click.argument("trace", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--scenario",
    "scenario_path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Upstreams, classes of traffic and a burst, as in examples/simulation.toml.",
)
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, help="Times as fast as recorded.")
@click.option("--seed", type=int, default=0, help="Which request is of which class.")
@json_option
def command(trace: Path, scenario_path: Path, speed: float, seed: int, as_json: bool) -> None:
    """Serve the requests of TRACE by decision, and as most gateways do, and compare.

    TRACE has a JSON object a line: timestamp (ms), input_length, output_length and, where prefixes are
    shared, hash_ids (the form of the Mooncake traces). Upstreams are modelled; nothing is sent
    anywhere, and a scenario gives the same numbers every time.

    \b
    Examples:
      sparing simulate mooncake.jsonl --scenario examples/simulation.toml
      sparing simulate mooncake.jsonl --scenario mine.toml --speed 4 --json
    """
    from sparing.evals.simulate.arrivals import faster, labelled, read_trace, with_burst
    from sparing.evals.simulate.outcome import outcomes
    from sparing.evals.simulate.run import simulate
    from sparing.evals.simulate.scenario import read_scenario
    from sparing.evals.simulate.strategies import ByDecision

    scenario = read_scenario(scenario_path)
    arrivals = faster(read_trace(trace), speed)
    if scenario.burst is not None:
        span_s = arrivals[-1].at_s - arrivals[0].at_s
        start_s = arrivals[0].at_s + scenario.burst.start * span_s
        arrivals = with_burst(arrivals, scenario.burst.factor, start_s, scenario.burst.length * span_s, seed)
    kinds = scenario.kinds()
    arrivals = labelled(arrivals, {name: one.share for name, one in scenario.traffic.items()}, seed)
    with busy(f"simulating {len(arrivals):,} requests twice"):
        fixed = outcomes(simulate(arrivals, scenario.models(), scenario.fixed()), kinds)
        decided = outcomes(simulate(arrivals, scenario.models(), ByDecision(kinds, scenario.ways())), kinds)
    if as_json:
        write_json({"requests": len(arrivals), "first_come": _dicts(fixed), "by_decision": _dicts(decided)})
        return
    baseline = scenario.baseline
    in_turn = f"all to {baseline.upstream}, effort {baseline.effort}, first come first served"
    write(f"{len(arrivals):,} requests. In turn: {in_turn}.\n\n")
    _print(fixed, decided)


def _dicts(some: Sequence[Outcome]) -> dict[str, object]:
    return {
        one.name: {
            "num": one.num,
            "refused": one.refused,
            "in_time": one.in_time,
            "first_token_s": dict(zip(("p50", "p95", "p99"), one.first_token_s, strict=True)),
            "usd": one.usd,
            "loss": one.loss,
            "by_upstream": dict(one.by_upstream),
            "gave_way": dict(one.gave_way),
        }
        for one in some
    }


def _print(fixed: Sequence[Outcome], decided: Sequence[Outcome]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("traffic", "", "requests", "refused", "in time", "first token p50 / p95 / p99", "USD", "loss", "by"):
        table.add_column(name, justify="left" if name in ("traffic", "", "by") else "right")
    for one, other in zip(fixed, decided, strict=True):
        table.add_row(one.name, "in turn", *_cells(one))
        table.add_row("", "decided", *_cells(other))
    console().print(table)


def _cells(one: Outcome) -> list[str]:
    return [
        f"{one.num:,}",
        f"{one.refused:,}",
        "" if one.in_time is None else f"{one.in_time:.1%}",
        " / ".join(f"{s:.1f} s" for s in one.first_token_s),
        f"{one.usd:.2f}",
        f"{one.loss:.2%}",
        ", ".join(f"{name} {num:,}" for name, num in sorted(one.by_upstream.items())),
    ]
