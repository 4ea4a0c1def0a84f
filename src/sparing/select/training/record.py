"""What was trained from what: hashes, seeds, versions, durations and scores, as JSON beside the models."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sparing.evals.data import Source

_PACKAGES = ("torch", "tokenizers", "onnx", "onnxruntime", "numpy")


class Record:
    """`training.json` in the output folder; each stage replaces its own part."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "training.json"
        self.parts: dict[str, Any] = json.loads(self._path.read_text()) if self._path.is_file() else {}

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, Any]]:
        """A dictionary for the stage's facts, written with its durations when it ends well."""
        facts: dict[str, Any] = {}
        wall_s, cpu_s = time.monotonic(), time.process_time()
        yield facts
        facts["wall_s"] = round(time.monotonic() - wall_s, 1)
        facts["cpu_s"] = round(time.process_time() - cpu_s, 1)
        self.parts[name] = facts
        self._path.write_text(json.dumps(self.parts, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def data_facts(sources: Sequence[Source], root: Path) -> dict[str, Any]:
    """Per data set: where it is from, its licence, and the SHA-256 of each file."""
    return {
        source.folder: {
            "url": source.url,
            "licence": source.licence,
            "sha256": {path.name: sha256(path) for path in sorted((root / source.folder).iterdir()) if path.is_file()},
        }
        for source in sources
    }


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
