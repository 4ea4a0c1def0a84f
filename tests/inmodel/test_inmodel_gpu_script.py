"""The script for a GPU runs dry on a CPU, and says politely that it needs one otherwise."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch


@pytest.fixture
def script() -> Iterator[ModuleType]:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location(
        "inmodel_gpu", Path(__file__).parents[2] / "benchmarks" / "inmodel_gpu.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by its name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


def test_a_dry_run_measures_every_row(script: ModuleType, tmp_path: Path) -> None:
    """Every length, batch and cache has its time; what is kept has its bytes."""
    assert script.main(["--dry", "--lengths", "160", "--batches", "1,2", "--out", str(tmp_path / "gpu.json")]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["dry"] is True
    stored = {(row["batch"], row["cache"]): row["stored_bytes"] for row in found["decode"]}
    assert len(stored) == 12
    assert stored[2, "50% kept, int8"] < 0.5 * stored[2, "50% kept"]
    assert stored[2, "50% kept"] < 0.6 * stored[2, "nothing dropped"]
    assert stored[2, "50% kept"] == 2 * stored[1, "50% kept"]
    assert [row["way"] for row in found["first_token"]] == ["stock Transformers", "whole", "block-sparse", "pruned"]
    assert all(row["s"] > 0 for row in found["first_token"])


def test_without_a_gpu_nothing_is_measured(script: ModuleType, tmp_path: Path, capsys, monkeypatch) -> None:
    """An exit code and a sentence, no file."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert script.main(["--out", str(tmp_path / "gpu.json")]) == 2
    assert "--dry" in capsys.readouterr().err
    assert not (tmp_path / "gpu.json").exists()
