"""Bars on stderr."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stderr

import pytest

from sparing.cli import progress


class Terminal(io.StringIO):
    """A stderr that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_long_work_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is being done, and is wiped in the end."""
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    with redirect_stderr(Terminal()) as terminal, progress.busy("reducing"):
        for _ in range(500):
            if "reducing" in terminal.getvalue():
                break
            time.sleep(0.01)
    assert "reducing" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


def test_short_work_gets_none() -> None:
    """Nothing flickers."""
    with redirect_stderr(Terminal()) as terminal, progress.busy("reducing"):
        pass
    assert terminal.getvalue() == ""


def test_nobody_looking_gets_none(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A log file is not a terminal."""
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    with progress.busy("reducing"), progress.bar("fetching") as report:
        report(1, 2)
    assert capsys.readouterr().err == ""


def test_a_bar_shows_how_far_it_is() -> None:
    """In bytes where that is what is counted."""
    with redirect_stderr(Terminal()) as terminal, progress.bar("fetching", unit_bytes=True) as report:
        report(1_000_000, 2_000_000)
    assert "1.0/2.0 MB" in terminal.getvalue()


def test_the_bar_goes_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error line is not drawn over."""
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)

    def fail() -> None:
        with progress.busy("reducing"):
            time.sleep(0.2)
            raise ValueError("broken")

    with redirect_stderr(Terminal()) as terminal, pytest.raises(ValueError, match="broken"):
        fail()
    before = terminal.getvalue()
    time.sleep(0.2)
    assert terminal.getvalue() == before
