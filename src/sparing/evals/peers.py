"""Peers, run in an interpreter of their own so that their dependencies never meet ours.

The worker (``benchmarks/peers/worker.py``) speaks JSON lines; its Python is named by SPARING_PEERS_PYTHON.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from select import select

from sparing.errors import SparingError
from sparing.evals.data import project_root
from sparing.evals.method import Method
from sparing.evals.units import o200k

# Name of the method -> does it take a budget? Settings are those the peer documents; see the worker.
PEERS: dict[str, bool] = {
    "headroom": False,
    "headroom_text": True,
    "llmtrim_safe": False,
    "llmtrim_agent": False,
    "llmtrim_aggressive": False,
    "leantokens": False,
    "leantokens_smart": False,
    "llmslim": True,
    "contextpress_agent": False,
    "contextpress_rag": False,
    "distil": False,
    "llmlingua": True,
    "longllmlingua": True,
}
_SLOW_S = {"llmlingua": 1800.0, "longllmlingua": 1800.0}  # of a busy core for one text; others are given a minute
QUICK_PEERS = tuple(name for name in PEERS if name not in _SLOW_S)


class PeerError(SparingError):
    """A peer raised, or its process ended."""


class Worker:
    """A peer's process, started at the first call.

    Once it has ended by itself, or was ended because one text took it longer than `timeout_s` seconds, it is not
    started again.
    """

    def __init__(self, python: str, script: Path, name: str, timeout_s: float = 60.0) -> None:
        self._timeout_s = timeout_s
        self._command = [python, str(script), name]
        self._process: subprocess.Popen[str] | None = None
        self._ended = ""
        self.cpu_s = self.rss_mb = 0.0

    def shorten(self, text: str, question: str, budget_tokens: int | None) -> str:
        """One round trip. Raises `PeerError` when the peer raises or its process is gone."""
        kept = None if budget_tokens is None else budget_tokens / max(1, o200k().count(text))
        answer = self._ask({"text": text, "question": question, "kept": kept})
        self.cpu_s += float(str(answer.get("cpu_s", 0.0)))
        self.rss_mb = max(self.rss_mb, float(str(answer.get("rss_mb", 0.0))))
        if "error" in answer:
            raise PeerError(str(answer["error"]))
        return str(answer["text"])

    def convert(self, body: dict[str, object]) -> object:
        """A whole request in OpenAI's form as the peer would send it. Raises `PeerError` likewise."""
        answer = self._ask({"body": body})
        self.cpu_s += float(str(answer.get("cpu_s", 0.0)))
        if "error" in answer:
            raise PeerError(str(answer["error"]))
        return answer["body"]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        with suppress(BrokenPipeError):  # what was not read before it ended
            process.stdin.close()
        process.wait()
        process.stdout.close()

    def _ask(self, request: dict[str, object]) -> dict[str, object]:
        if self._ended:
            raise PeerError(self._ended)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            if not select([process.stdout], [], [], self._timeout_s)[0]:
                self._ended = f"{self._command[-1]} needed more than {self._timeout_s:g} s for one text"
                process.kill()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            self._ended = self._ended or f"the process of {self._command[-1]} ended with status {process.returncode}"
            raise PeerError(self._ended)
        answer: dict[str, object] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )


def peer(name: str) -> Method:
    """The peer as a method; its `missing` says why it cannot run here."""
    takes_budget = PEERS[name]
    worker, missing = find_worker(name)
    if worker is None:
        return Method(name, _absent, takes_budget=takes_budget, missing=missing)

    def cpu_s() -> float:
        return worker.cpu_s

    def rss_mb() -> float:
        return worker.rss_mb

    return Method(name, worker.shorten, takes_budget, chooses=True, cpu_s=cpu_s, rss_mb=rss_mb, close=worker.close)


def find_worker(name: str) -> tuple[Worker | None, str]:
    """The process of a peer, or None and why it cannot run here."""
    python, root = os.environ.get("SPARING_PEERS_PYTHON", ""), project_root()
    script = root / "benchmarks" / "peers" / "worker.py" if root else None
    if not python:
        return None, "SPARING_PEERS_PYTHON names no interpreter that has the peers"
    if script is None or not script.is_file():
        return None, "the worker script is only in a source checkout"
    try:
        check = subprocess.run([python, str(script), "--check", name], capture_output=True, text=True, check=False)
    except OSError as error:
        return None, f"{python} does not start: {error.strerror}"
    if check.returncode:
        return None, (check.stdout.strip().splitlines() or ["not installed"])[-1]
    return Worker(python, script, name, _SLOW_S.get(name, 60.0)), ""


def _absent(_text: str, _question: str, _budget: int | None) -> str:
    raise PeerError("not installed")
