"""docs/tiers.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sparing.generate import faults
from sparing.generate.held import MOST_BYTES
from sparing.settings import ResilienceSettings, RoutingSettings, load_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tiers.md").read_text()


def test_the_example_can_be_used(tmp_path: Path) -> None:
    """As it stands."""
    file = tmp_path / "sparing.toml"
    file.write_text("\n".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)))
    settings = load_settings(file, {"SPARING_HOME": "nowhere"})
    assert [tier.name for tier in settings.tiers] == ["small", "large"]
    assert settings.routing.choose == "cascade"


def test_its_numbers_are_the_codes() -> None:
    """Statuses, bounds and every setting by its name."""
    said = {int(status) for status in re.findall(r"\b[45]\d\d\b", TEXT.split("statuses")[1].split("and an error")[0])}
    assert said == set(faults.PASSING)
    assert MOST_BYTES == 256 * 1024
    for name in (*ResilienceSettings.__struct_fields__, *RoutingSettings.__struct_fields__):
        assert name in TEXT


def test_the_measured_numbers_are_those_of_the_report() -> None:
    """benchmarks/results/routing.json."""
    points = {
        point["method"]: point
        for point in json.loads((ROOT / "benchmarks" / "results" / "routing.json").read_text())["points"]
    }
    ours = points["sparing"]
    assert f"| {ours['apgr']:.3f} ({ours['low']:.3f} .. {ours['high']:.3f}) |" in TEXT
    for method in ("length", "tf-idf", "subject means, known"):
        assert f"| {points[method]['apgr']:.3f} |" in TEXT


def test_the_support_desk_can_be_served() -> None:
    """The example in examples/."""
    settings = load_settings(ROOT / "examples" / "support_desk.toml", {"DEEPSEEK_API_KEY": "k"})
    assert [(tier.provider, tier.key) for tier in settings.tiers] == [("local", ""), ("deepseek", "k")]
