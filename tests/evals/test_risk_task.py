"""The scoreboard's row of promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.task import Draw
from sparing.evals.tasks.risk import measure


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    """A data set or an option by another name."""
    with pytest.raises(SettingsError, match="no data set is called 'squad'"):
        measure(Draw(tmp_path, 3), ("squad",))
    with pytest.raises(SettingsError, match="no option is called 'some'"):
        measure(Draw(tmp_path, 3, option="some"), ())
    with pytest.raises(SettingsError, match="no evaluation data"):
        measure(Draw(tmp_path, 3), ("xquad",))
