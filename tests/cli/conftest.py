"""Running the command line inside the test's process, away from the developer's own settings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from reduced_sample import first_line
from running_cli import Cli, Outcome

from sparing.api import Reduced
from sparing.cli.main import run
from sparing.settings.providers import PROVIDERS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and data folder; no provider's key."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    keys = (variable for provider in PROVIDERS for variable in provider.key_variables)
    for name in (*keys, "SPARING_CONFIG", "SPARING_UPSTREAM", "SPARING_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPARING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "home"


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run the command line with these arguments and this standard input."""

    def invoke(*args: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(args)
        out, err = capfdbinary.readouterr()
        return Outcome(code, out, err.decode())

    return invoke


@pytest.fixture
def first_lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Reducing keeps the first line of every text; the options of each call are collected."""
    calls: list[dict[str, Any]] = []

    def reduce_texts(items: Sequence[tuple[str, str]], **options: Any) -> list[Reduced]:
        calls.append({"items": items, **options})
        return [first_line(name, text) for name, text in items]

    monkeypatch.setattr("sparing.api.reduce_texts", reduce_texts)
    return calls
