"""A simulation serves every request once, the same way every time, and by decision the urgent in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparing.errors import RequestError, SettingsError
from sparing.evals.simulate.arrivals import Arrival, faster, labelled, read_trace, with_burst
from sparing.evals.simulate.equal_loss import Way, cheapest, fixed_budgets, usd_for
from sparing.evals.simulate.outcome import outcomes
from sparing.evals.simulate.run import Served, simulate
from sparing.evals.simulate.scenario import Scenario, read_scenario
from sparing.evals.simulate.strategies import ByDecision, Effort, FirstComeFirstServed

EXAMPLE = Path(__file__).parents[2] / "examples" / "simulation.toml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read_scenario(EXAMPLE)


def arrivals(scenario: Scenario, num: int = 900, every_s: float = 0.2) -> list[Arrival]:
    """A steady stream, ten times as dense for a while."""
    steady = [Arrival(n * every_s, 6_000, 120, (n % 40, n)) for n in range(num)]
    shares = {name: one.share for name, one in scenario.traffic.items()}
    return labelled(with_burst(steady, 10, 0.4 * num * every_s, 0.2 * num * every_s), shares)


def test_every_request_is_served_or_refused_once(scenario: Scenario) -> None:
    """Whatever the strategy; the sums of the classes are the sum of all."""
    some = arrivals(scenario)
    for strategy in (scenario.fixed(), ByDecision(scenario.kinds(), scenario.ways())):
        served = simulate(some, scenario.models(), strategy, most_waiting=50)
        assert len(served) == len(some)
        *kinds, everything = outcomes(served, scenario.kinds())
        assert sum(one.num for one in kinds) == everything.num == len(some)
        assert sum(one.refused for one in kinds) == everything.refused
        assert everything.usd == pytest.approx(sum(one.usd for one in kinds))


def test_it_is_the_same_every_time(scenario: Scenario) -> None:
    """No clock and no chance."""

    def run() -> list[Served]:
        return simulate(arrivals(scenario, 300), scenario.models(), ByDecision(scenario.kinds(), scenario.ways()))

    assert run() == run()


def test_in_a_burst_the_urgent_are_in_time_by_decision_and_late_in_turn(scenario: Scenario) -> None:
    """Ten times as many requests as before: what the line and the decision are for."""
    some = arrivals(scenario)
    by_turn = outcomes(simulate(some, scenario.models(), scenario.fixed()), scenario.kinds())
    decided = simulate(some, scenario.models(), ByDecision(scenario.kinds(), scenario.ways()))
    by_decision = outcomes(decided, scenario.kinds())
    assert by_turn[0].name == by_decision[0].name == "chat"
    assert (by_turn[0].in_time or 0) < 0.6
    assert (by_decision[0].in_time or 0) >= 0.99


def test_fixed_budgets_lose_as_much_and_cost_more(scenario: Scenario) -> None:
    """The cheapest of them in every class, for as many answers."""
    some = arrivals(scenario)
    kinds, models, ways = scenario.kinds(), scenario.models(), scenario.ways()
    decided = outcomes(simulate(some, models, ByDecision(kinds, ways)), kinds)
    budgets = fixed_budgets(some, models, ways, {one.name: one.loss for one in decided[:-1]})
    fixed = outcomes(simulate(some, models, budgets), kinds)
    for one, other in zip(fixed, decided, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=0.003)
    assert decided[-1].usd < usd_for(fixed, decided)


def test_the_cheapest_mix_loses_what_it_may() -> None:
    """Of a dear and a cheap one just enough of each; the careful one alone where nothing else may be had."""

    def way(loss: float, usd: float) -> Way:
        return Way(FirstComeFirstServed("s", Effort("e", 1.0, loss)), loss, usd)

    careful, middling, cheap = way(0.0, 10.0), way(0.02, 8.0), way(0.04, 2.0)
    mix = cheapest([careful, middling, cheap], 0.01)
    assert (mix.first, mix.second) == (careful, cheap)
    assert (mix.share, mix.usd) == (pytest.approx(0.75), pytest.approx(8.0))
    assert cheapest([careful, middling, cheap], 0.5).usd == 2.0
    assert cheapest([middling, cheap], 0.01).first == middling


def test_an_empty_upstream_answers_at_its_own_speed(scenario: Scenario) -> None:
    """One request alone waits for nobody; the second of the same prefix finds half of it in the cache."""
    alone = [Arrival(0.0, 12_000, 81, (1, 2), "chat"), Arrival(1000.0, 12_000, 81, (1, 2), "chat")]
    first, second = simulate(alone, scenario.models(), scenario.fixed())
    assert first.first_token_s == pytest.approx(0.4 + 6_000 / 12_000)
    assert first.answer_s == pytest.approx(0.9 + 80 / 80)
    assert second.cached_tokens == 512
    assert second.usd < first.usd


def test_traces_are_read_and_told_apart(tmp_path: Path) -> None:
    """Milliseconds become seconds, and time can be compressed; what is no trace says where."""
    path = tmp_path / "trace.jsonl"
    rows = [
        {"timestamp": 2000, "input_length": 9, "output_length": 3},
        {"timestamp": 0, "input_length": 5, "output_length": 1},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [one.at_s for one in faster(read_trace(path), 2)] == [0.0, 1.0]
    path.write_text('{"timestamp": 0}')
    with pytest.raises(RequestError, match="line 1"):
        read_trace(path)
    path.write_text("\n")
    with pytest.raises(RequestError, match="empty"):
        read_trace(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('upstream = "large"', 'upstream = "huge"', "baseline.upstream"),
        ("slots = 24", "slots = 0", "slots"),
        ('gives_way = ["usd", "latency", "loss"]', 'gives_way = ["usd"]', "gives_way"),
        ("[burst]", "[brust]", "brust"),
    ],
)
def test_a_scenario_that_cannot_be_says_why(tmp_path: Path, old: str, new: str, said: str) -> None:
    """With the key that is wrong."""
    path = tmp_path / "scenario.toml"
    path.write_text(EXAMPLE.read_text().replace(old, new))
    with pytest.raises(SettingsError, match=said):
        read_scenario(path)


def test_depths_are_decided_and_learned(tmp_path: Path) -> None:
    """Thought takes tokens, money and time before the first word; what it takes is learned, what needs none gets none."""
    thoughtful = read_scenario(EXAMPLE.with_name("simulation_depths.toml"))
    some = arrivals(thoughtful, 400, 1.0)
    strategy = ByDecision(thoughtful.kinds(), thoughtful.ways())
    decided = simulate(some, thoughtful.models(), strategy)
    depths = {one.order.depth for one in decided}
    assert depths == {"medium", "low", "minimal"}
    assert strategy.thoughts.tokens("large", "medium") or strategy.thoughts.tokens("small", "medium")
    for one in decided:
        assert one.output_tokens == 120 + one.order.thought_tokens
    *kinds, everything = outcomes(decided, thoughtful.kinds())
    assert sum(everything.by_depth.values()) == everything.num - everything.refused
    budgets = fixed_budgets(some, thoughtful.models(), thoughtful.ways(), {one.name: one.loss for one in kinds})
    fixed = outcomes(simulate(some, thoughtful.models(), budgets), thoughtful.kinds())
    assert everything.usd < usd_for(fixed, [*kinds, everything])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('depth = "medium"', 'depth = "high"', "baseline.depth is 'high'"),
        ('depths = ["medium", "low", "minimal"]', 'depths = ["high"]', "depths is 'high'"),
        ("medium = { tokens", "odd = { tokens", "odd"),
    ],
)
def test_depths_that_are_not_there_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Those of an upstream, of the baseline, and levels that nobody knows."""
    file = tmp_path / "s.toml"
    file.write_text(EXAMPLE.with_name("simulation_depths.toml").read_text().replace(old, new))
    with pytest.raises(SettingsError, match=said):
        read_scenario(file)
