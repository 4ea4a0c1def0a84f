"""An index run that is killed at any moment is run again, and the store is as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from made_documents import SAMPLES

SCRIPT = Path(__file__).with_name("killed_runs.py")


def test_a_run_killed_at_any_of_fifty_points_is_run_again(tmp_path: Path) -> None:
    """Nothing is lost or doubled: rows, digests, vectors and what is found are the same."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for copy in range(2):
        for name, text in SAMPLES.items():
            (corpus / f"{copy}-{name}").write_text(text.replace("number", f"number of {copy}"))
    run = [sys.executable, "-W", "error", str(SCRIPT), str(tmp_path), "50"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 25  # left some of the documents; the others died in the first or after the last
