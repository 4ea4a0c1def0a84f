"""A short load through real processes: every answer whole, and every figure there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.load.processes import gateway
from sparing.evals.task import Draw
from sparing.evals.tasks import load


def test_a_short_load_loses_nothing(tmp_path: Path) -> None:
    """A gateway, a stub and callers, two seconds long; a quarter of the requests go to the stub itself."""
    report = load.run(Draw(tmp_path, 60, option="poisson", minutes=2 / 60), ())
    (found,) = json.loads(report.as_json())["loads"]
    assert found["gateway"]["verdicts"] == {"whole": found["gateway"]["num"]}
    assert found["direct"]["verdicts"] == {"whole": found["direct"]["num"]}
    assert found["troubles"] == {}
    assert found["gateway"]["num"] > 2 * found["direct"]["num"] > 0
    assert found["cpu_ms"] > 0
    assert 0 < found["decision_us"][0] <= found["decision_us"][1]
    assert "| poisson | stub alone |" in report.markdown()


def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    """A load that there is not; settings that the gateway refuses."""
    with pytest.raises(SettingsError, match="no load is called 'storm'"):
        load.run(Draw(tmp_path, 9, option="storm"), ())
    with pytest.raises(SettingsError, match=r"does not start.*polcy"), gateway(tmp_path, "polcy = 1\n"):
        pass
