"""What a trace costs through a cascade, with drafts and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.core.prices import Prices
from sparing.errors import SettingsError
from sparing.evals.simulate.arrivals import Arrival
from sparing.evals.simulate.cascade import CascadeModel, costs
from sparing.evals.simulate.scenario import read_scenario
from sparing.prices.lookup import prices_for

EXAMPLE = Path(__file__).parents[2] / "examples" / "simulation.toml"


def prices(model: str) -> Prices:
    found = prices_for(model)
    assert found is not None
    return found


def usd(kept: float, output_tokens: int, enough: float = 0.5) -> dict[str, float]:
    arrivals = [Arrival(float(number), 1000, output_tokens) for number in range(400)]
    model = CascadeModel("small", "large", enough, kept)
    return costs(arrivals, prices("gpt-5-nano"), prices("gpt-5"), model, seed=0)


def test_drafts_that_are_kept_spare_long_answers() -> None:
    """And are shown where they do."""
    found = usd(0.9, 500)
    assert found["drafts auto"] == found["drafts always"] < 0.6 * found["no drafts"] < found["large alone"]


def test_drafts_that_are_never_kept_only_cost() -> None:
    """So they are not shown, unless somebody insists."""
    found = usd(0.0, 500)
    assert found["drafts auto"] == found["no drafts"] < found["drafts always"]


def test_short_answers_are_sooner_given_than_judged() -> None:
    """Reading the note costs more than ten tokens."""
    found = usd(1.0, 10)
    assert found["drafts auto"] == found["no drafts"] < found["drafts always"]


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("output_tokens", [5, 50, 200, 1000])
def test_by_itself_it_is_about_the_cheaper_of_both(kept: float, output_tokens: int) -> None:
    """Within the luck of which drafts are kept."""
    found = usd(kept, output_tokens)
    assert found["drafts auto"] <= 1.01 * min(found["no drafts"], found["drafts always"])


def test_what_a_cascade_has_to_name(tmp_path: Path) -> None:
    """Upstreams that have a price."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(EXAMPLE.read_text().replace('small = "small"', 'small = "tiny"'))
    with pytest.raises(SettingsError, match="tiny"):
        read_scenario(wrong)
    cascade = read_scenario(EXAMPLE).cascade
    assert cascade is not None
