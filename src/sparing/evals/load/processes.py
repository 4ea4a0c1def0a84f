"""Stub and gateway as processes of their own, and what the kernel says of them. Linux only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from sparing.errors import SettingsError

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGESIZE")
_READY_S = 120.0
_STOP_S = 30.0
_OURS = ("SPARING_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")


@dataclass(frozen=True, slots=True)
class Process:
    """A server that runs."""

    url: str
    child: subprocess.Popen[str]

    @property
    def cpu_s(self) -> float:
        """User and system time so far, all threads."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    @property
    def waited_s(self) -> float:
        """How long its main thread was ready to run and others had the cores."""
        return int(Path(f"/proc/{self.child.pid}/schedstat").read_text().split()[1]) / 1e9

    @property
    def rss_bytes(self) -> int:
        """Resident now."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * _PAGE_BYTES

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.child.terminate()
        try:
            self.child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As ``kill -9`` does."""
        self.child.kill()
        self.child.wait()


def start_stub(port: int = 0) -> Process:
    """A stub provider (`stub`) on a port; 0 takes a free one."""
    child = subprocess.Popen(
        [sys.executable, "-m", "sparing.evals.load.stub", str(port)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout:
        return Process(child.stdout.readline().strip(), child)


@contextmanager
def stub() -> Iterator[Process]:
    """A stub for as long as the block runs."""
    started = start_stub()
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def gateway(
    folder: Path, config: str, *, launcher: str = "sparing", settings: Mapping[str, str] = {}
) -> Iterator[Process]:
    """``sparing serve`` with these settings (TOML), for as long as the block runs; what it keeps is in `folder`.

    Args:
        launcher: Module that is run: takes the arguments of `sparing`.
        settings: More of its environment.
    Raises:
        SettingsError: It does not start; with what it said.
    """
    port, file, told = _free_port(), folder / "load.toml", folder / "stderr.txt"
    file.write_text(config)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment |= {"SPARING_HOME": str(folder), **settings}
    command = [sys.executable, "-m", launcher, "serve", "--config", str(file), "--port", str(port)]
    with told.open("w") as stderr:
        child = subprocess.Popen(command, env=environment, stderr=stderr, text=True)
    started = Process(f"http://127.0.0.1:{port}", child)
    try:
        _wait_for(started, told)
        yield started
    finally:
        started.stop()


def get(url: str) -> str:
    """The body of an answer."""
    with urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
        return body.decode()


def _wait_for(started: Process, told: Path) -> None:
    until_s = time.monotonic() + _READY_S
    while time.monotonic() < until_s and started.child.poll() is None:
        with suppress(OSError):
            get(f"{started.url}/healthz")
            return
        time.sleep(0.05)
    started.stop()
    raise SettingsError(f"the gateway does not start: {told.read_text().strip()[-500:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
