"""Only the files that were shipped are used."""

from __future__ import annotations

import json
import logging
from hashlib import sha256
from pathlib import Path

import pytest

from sparing.core.deadline import Deadline
from sparing.errors import SelectorDamaged, SelectorMissing
from sparing.select.choose import selector_for
from sparing.select.installed import Installed
from sparing.select.manifest import check
from sparing.testing.tiny_models import write_models


def test_whole_files_pass(tmp_path: Path) -> None:
    """The digest follows from the files alone."""
    one, other = check(write_models(tmp_path / "a")), check(write_models(tmp_path / "b"))
    assert one.digest == other.digest
    assert set(one.paths) == {"vocab.txt", "fusion.json", "static.npz", "lower.onnx", "upper.onnx"}


def test_no_models(tmp_path: Path) -> None:
    """A folder without a manifest has none."""
    with pytest.raises(SelectorMissing):
        check(tmp_path)


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("upper.onnx", lambda raw: raw[:-1], "bytes instead of"),
        ("lower.onnx", lambda raw: raw[:-1], "bytes instead of"),
        ("lower.onnx", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "was changed"),
        ("fusion.json", lambda raw: raw.replace(b"1", b"2"), "was changed"),
        ("static.npz", lambda raw: bytes([raw[0] ^ 1]) + raw[1:], "was changed"),
        ("vocab.txt", lambda raw: raw + b"\nmore", "bytes instead of"),
        ("manifest.json", lambda raw: raw[:-5], "cannot be read"),
    ],
)
def test_damage_is_said_and_rules_take_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, file: str, change: object, says: str
) -> None:
    """A truncated or changed file is logged once and named where the rules had to decide."""
    folder = write_models(tmp_path)
    (folder / file).write_bytes(change((folder / file).read_bytes()))  # type: ignore[operator]
    with pytest.raises(SelectorDamaged, match=says):
        check(folder)
    with caplog.at_level(logging.ERROR, "sparing"):
        here = Installed(folder)
    assert file in caplog.text
    judged = selector_for("auto", 500, here=here).judge("a", _Sections(), "b", [1.0], Deadline())
    assert judged.scores == [1.0]
    assert says in judged.by
    assert here.identity == "rules"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Likewise."""
    folder = write_models(tmp_path)
    (folder / "upper.onnx").unlink()
    with pytest.raises(SelectorDamaged, match="upper"):
        check(folder)


class _Sections:
    bounds = (0, 1)
    passage_of = (0,)
    turns = False


def test_a_file_that_no_runtime_can_load(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What the manifest says is there and the runtime refuses: logged, and the next tier decides."""
    folder = write_models(tmp_path)
    (folder / "upper.onnx").write_bytes(b"no model")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["upper.onnx"] = {"bytes": 8, "sha256": sha256(b"no model").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    here = Installed(folder)
    before = here.identity
    judged = selector_for("auto", 500, here=here).judge("the cat", _Sections(), "the dog", [1.0], Deadline())
    assert judged.by.startswith("static (it cannot be loaded")
    assert "cannot be loaded" in caplog.text
    assert here.identity != before
