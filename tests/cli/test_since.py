"""Points in time."""

from __future__ import annotations

import time

import click
import pytest

from sparing.cli.since import since


@pytest.mark.parametrize(("text", "ago_s"), [("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)])
def test_ages_count_back_from_now(text: str, ago_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes, hours, days, weeks."""
    monkeypatch.setattr(time, "time", lambda: 2_000_000.0)
    assert since(text) == 2_000_000.0 - ago_s


def test_a_day_is_its_beginning_in_utc() -> None:
    """As `stats --by day` counts days."""
    assert since("1970-01-02") == 86_400.0


@pytest.mark.parametrize("text", ["7", "d", "7y", "-7d", "1970-13-01", "yesterday", "", "٣d"])
def test_what_is_neither_is_refused(text: str) -> None:
    """With both forms shown."""
    with pytest.raises(click.BadParameter, match="neither an age"):
        since(text)
