"""Running the worked examples as their README says, in a copy of their folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparing.cli.main import run

EXAMPLES = Path(__file__).parents[2] / "examples"

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own settings and data."""
    monkeypatch.setenv("SPARING_HOME", str(tmp_path / "home"))
    for name in ("SPARING_CONFIG", "SPARING_UPSTREAM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Copy an example's folder, go there, and index one of its folders."""

    def prepare(name: str, folder: str) -> Path:
        work = tmp_path / name
        shutil.copytree(EXAMPLES / name, work, ignore=shutil.ignore_patterns(".sparing", "__pycache__"))
        monkeypatch.chdir(work)
        assert run(["index", folder]) == 0
        return work

    return prepare


@pytest.fixture
def ask(capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """Ask the store of the working directory for its own sentences."""

    def asked(question: str, *more: str) -> dict[str, Any]:
        capfdbinary.readouterr()
        assert run(["ask", question, "--extract", "--json", *more]) == 0
        answer: dict[str, Any] = json.loads(capfdbinary.readouterr().out)
        return answer

    return asked
