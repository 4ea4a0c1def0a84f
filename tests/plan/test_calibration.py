"""The calibration in force."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sparing.errors import SettingsError
from sparing.plan.calibration import calibration_in, read_calibration


def test_the_shipped_calibration_is_sound_and_says_where_it_is_from() -> None:
    """Every data set with its licence, its hash and how many examples of it were used."""
    shipped = read_calibration()
    assert not shipped.problem
    assert {source.name for source in shipped.sources} == {"xquad", "nq", "qmsum", "tatqa", "tau_bench"}
    assert all(len(source.sha256) == 64 and source.licence and source.num_examples for source in shipped.sources)
    assert shipped.curve("prose.v1", "prose") is not None
    assert shipped.curve("prose.v1", "code") is None


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"curves": 3}', b'{"surprise": 1}', b"\xff", b'{"made":"2026-01-01","curves":[{"scorer":"x"}]}'],
)
def test_what_is_no_calibration_is_refused_and_never_trusted(text: bytes, tmp_path: Path) -> None:
    """Read for a command it is an error with a hint; read for a request it has no curves, and says why."""
    file = tmp_path / "calibration.json"
    file.write_bytes(text)
    with pytest.raises(SettingsError, match="is no calibration"):
        read_calibration(str(file))
    found = calibration_in(str(file))
    assert not found.curves
    assert "is no calibration" in found.problem


def test_a_missing_file_says_so() -> None:
    """With the name that was given."""
    with pytest.raises(SettingsError, match=r"/no/such\.json cannot be read"):
        read_calibration("/no/such.json")


def test_a_curve_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    """Losses that rise with the worth were not fitted by us."""
    shipped = msgspec.to_builtins(read_calibration())
    shipped["curves"][0]["lost"] = shipped["curves"][0]["lost"][::-1]
    file = tmp_path / "tampered.json"
    file.write_bytes(msgspec.json.encode(shipped))
    with pytest.raises(SettingsError, match="contradicts itself"):
        read_calibration(str(file))


def test_the_digest_is_of_the_content() -> None:
    """Another date is another calibration: what is reduced by it is remembered apart."""
    shipped = read_calibration()
    assert shipped.digest == read_calibration().digest
    assert msgspec.structs.replace(shipped, made="1999-01-01").digest != shipped.digest
