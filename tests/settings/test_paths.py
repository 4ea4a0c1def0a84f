"""Where things are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sparing.settings import RecordSettings
from sparing.settings.paths import home, receipts_file


def test_sparing_home_wins() -> None:
    """The variable names the folder itself."""
    assert home({"SPARING_HOME": "/srv/sparing"}) == Path("/srv/sparing")


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("linux", {}, "~/.local/share/sparing"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/sparing"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "~/.local/share/sparing"),
        ("darwin", {}, "~/Library/Application Support/sparing"),
        ("win32", {"LOCALAPPDATA": "/appdata"}, "/appdata/sparing"),
        ("win32", {}, "~/AppData/Local/sparing"),
    ],
)
def test_each_platform_has_its_place(
    platform: str, env: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform's convention for user data."""
    monkeypatch.setattr(sys, "platform", platform)
    assert home(env) == Path(expected).expanduser()


def test_receipts_are_in_the_data_folder_unless_set() -> None:
    """`record.path` may use ~."""
    assert receipts_file(RecordSettings(), {"SPARING_HOME": "/srv"}) == Path("/srv/receipts.sqlite")
    assert receipts_file(RecordSettings(path="~/r.db"), {}) == Path.home() / "r.db"
