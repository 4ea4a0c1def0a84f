"""The support desk: customers' questions, in their own words, answered from the handbooks."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

Example = Callable[[str, str], Path]

pytest.importorskip("numpy")


def test_most_questions_are_answered_from_the_right_section(
    example: Example, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And all that the handbooks do not speak of are refused."""
    work = example("support_desk_answers", "policies")
    monkeypatch.setattr("sys.argv", ["desk.py"])
    capsys.readouterr()
    runpy.run_path(str(work / "desk.py"), run_name="__main__")
    told = capsys.readouterr().out
    known, answered, right, unknown, refused = map(int, re.findall(r"\d+", told[told.rindex("Of 26") :]))
    assert (known, unknown) == (26, 4)
    assert right >= 19
    assert answered >= 22
    assert refused == 4
