"""Peers behind a process: answers, errors, and a process that ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sparing.evals.peers import PEERS, PeerError, Worker

ECHO = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["question"] == "die":
        sys.exit(3)
    if request["question"] == "sleep":
        import time
        time.sleep(60)
    if request["question"] == "raise":
        print(json.dumps({"error": "ValueError: no", "cpu_s": 0.5}), flush=True)
    else:
        print(json.dumps({"text": f"{request['kept']} {request['text']}", "cpu_s": 0.25}), flush=True)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    return Worker(sys.executable, script, "echo")


def test_a_peer_is_told_the_share_to_keep_and_its_own_cpu_time_counts(worker: Worker) -> None:
    """Ten tokens of twenty are a half; two calls take twice the time the peer reports; any character passes."""
    text = "word " * 19 + "word"
    assert worker.shorten(text, "", 10) == f"0.5 {text}"
    assert worker.shorten("ü\n\u2028漏", "", None) == "None ü\n\u2028漏"
    assert worker.cpu_s == 0.5
    worker.close()


def test_an_error_of_a_peer_is_raised_and_the_next_call_works(worker: Worker) -> None:
    """The process goes on."""
    with pytest.raises(PeerError, match="ValueError: no"):
        worker.shorten("a", "raise", None)
    assert worker.shorten("a", "", None) == "None a"
    worker.close()


def test_a_peer_that_ends_is_not_started_again(worker: Worker) -> None:
    """Every call after its end says so at once."""
    for _ in range(2):
        with pytest.raises(PeerError, match="ended with status 3"):
            worker.shorten("a", "die", None)
    worker.close()


def test_a_peer_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """Its process is killed, and further calls fail at once with the reason."""
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    worker = Worker(sys.executable, script, "echo", timeout_s=0.2)
    for _ in range(2):
        with pytest.raises(PeerError, match=r"more than 0\.2 s"):
            worker.shorten("a", "sleep", None)


def test_the_worker_knows_every_peer() -> None:
    """The names that can be asked for are those the worker script serves."""
    script = Path(__file__).parents[2] / "benchmarks" / "peers" / "worker.py"
    served = script.read_text().partition("PEERS:")[2].partition("\n}")[0]
    assert all(f'"{name}":' in served for name in PEERS)
    assert served.count('": ') == len(PEERS)
