"""`sparing simulate`: what would these goals cost, and how fast would they be answered?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.options import json_option
from sparing.cli.output import console, note, write, write_json
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
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write a report with plots to.")
@json_option
def command(trace: Path, scenario_path: Path, speed: float, seed: int, out: Path | None, as_json: bool) -> None:
    """Serve the requests of TRACE by decision, and as most gateways do, and compare.

    In turn: all to one upstream with one effort, first come first served. Fixed: the cheapest fixed
    upstreams and efforts that lose as much in each class as the decisions did, drawn blindly.

    TRACE has a JSON object a line: timestamp (ms), input_length, output_length and, where prefixes are
    shared, hash_ids (the form of the Mooncake traces). Upstreams are modelled; nothing is sent
    anywhere, and a scenario gives the same numbers every time.

    \b
    Examples:
      sparing simulate mooncake.jsonl --scenario examples/simulation.toml
      sparing simulate mooncake.jsonl --scenario mine.toml --speed 4 --json
      sparing simulate mooncake.jsonl --scenario mine.toml --out reports
    """
    from sparing.evals.simulate.arrivals import faster, labelled, read_trace, with_burst
    from sparing.evals.simulate.cascade import costs
    from sparing.evals.simulate.equal_loss import fixed_budgets, usd_for
    from sparing.evals.simulate.outcome import outcomes
    from sparing.evals.simulate.run import simulate
    from sparing.evals.simulate.scenario import read_scenario
    from sparing.evals.simulate.strategies import ByDecision
    from sparing.evals.simulate.told import told

    scenario = read_scenario(scenario_path)
    arrivals = faster(read_trace(trace), speed)
    if scenario.burst is not None:
        span_s = arrivals[-1].at_s - arrivals[0].at_s
        start_s = arrivals[0].at_s + scenario.burst.start * span_s
        arrivals = with_burst(arrivals, scenario.burst.factor, start_s, scenario.burst.length * span_s, seed)
    kinds = scenario.kinds()
    arrivals = labelled(arrivals, {name: one.share for name, one in scenario.traffic.items()}, seed)
    models, ways = scenario.models(), scenario.ways()
    with busy(f"simulating {len(arrivals):,} requests, every way"):
        in_turn = outcomes(simulate(arrivals, models, scenario.fixed()), kinds)
        decided = outcomes(simulate(arrivals, models, ByDecision(kinds, ways)), kinds)
        budgets = fixed_budgets(arrivals, models, ways, {one.name: one.loss for one in decided[:-1]})
        fixed = outcomes(simulate(arrivals, models, budgets), kinds)
    usd, fixed_usd = decided[-1].usd, usd_for(fixed, decided)
    priced = {one.name: one.prices for one in models}
    cascade = scenario.cascade
    ways_usd: Mapping[str, float] = {}
    if cascade is not None and (small := priced[cascade.small]) and (large := priced[cascade.large]):
        ways_usd = costs(arrivals, small, large, cascade, seed)
    baseline = scenario.baseline
    depth = f", depth {baseline.depth}" if baseline.depth else ""
    all_to = f"all to {baseline.upstream}, effort {baseline.effort}{depth}, first come first served"
    head = f"{len(arrivals):,} requests. In turn: {all_to}."
    notes = [
        f"For the answers that the decisions gave, {usd:.2f} USD, fixed budgets of equal loss take {fixed_usd:.2f}."
    ]
    if cascade is not None:
        told_usd = ", ".join(f"{way} {cost:.2f}" for way, cost in ways_usd.items())
        notes.append(f"Through a cascade of {cascade.small} and {cascade.large}, full prompts, in USD: {told_usd}.")
    numbers = {
        "requests": len(arrivals),
        "first_come": _dicts(in_turn),
        "fixed_at_equal_loss": _dicts(fixed),
        "by_decision": _dicts(decided),
        "usd": usd,
        "usd_of_fixed_for_the_same_answers": fixed_usd,
        "cascade_usd": ways_usd,
    }
    every = {"in turn": in_turn, "fixed": fixed, "decided": decided}
    if out is not None:
        how = f"sparing simulate {trace.name} --scenario {scenario_path.name} --speed {speed:g} --seed {seed}"
        told(scenario_path.stem, every, [head, *notes, f"Made by: {how}"], numbers).save(out)
        note(f"report written to {out}")
    if as_json:
        write_json(numbers)
        return
    write(f"{head}\n\n")
    _print(every)
    write("\n" + "".join(f"{one}\n" for one in notes))


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
            "by_depth": dict(one.by_depth),
        }
        for one in some
    }


def _print(ways: Mapping[str, Sequence[Outcome]]) -> None:
    from rich.table import Table

    from sparing.evals.simulate.told import COLUMNS, rows

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("traffic", "", "by") else "right")
    for row in rows(ways):
        table.add_row(*row)
    console().print(table)
