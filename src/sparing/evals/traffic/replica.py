"""Reduce requests in processes of their own: what two gateways behind a balancer would send, and one that restarted.

python -m sparing.evals.traffic.replica POLICY      # one JSON object a line in, one out
"""

from __future__ import annotations

import subprocess
import sys
from typing import BinaryIO

import msgspec

from sparing.errors import RequestError, SparingError
from sparing.evals.traffic.sender import Posted, Sender, sparing
from sparing.settings import PolicySettings

_RESTARTS = 10  # conversations in which a process is started anew; each takes about a second


class _Order(msgspec.Struct):
    wire: str
    body: bytes


class _Result(msgspec.Struct):
    body: bytes = b""
    reducers: dict[str, str] = {}
    error: str = ""


class Replica:
    """A process that reduces requests; started when it is first needed."""

    def __init__(self, policy: PolicySettings) -> None:
        self._policy = policy
        self._process: subprocess.Popen[bytes] | None = None

    def send(self, wire: str, body: bytes) -> Posted:
        """Raises `RequestError` where the gateway would refuse, `SparingError` when the process has ended."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(_Order(wire, body)) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise SparingError(f"a replica ended with status {process.wait()}")
        result = msgspec.json.decode(line, type=_Result)
        if result.error:
            raise RequestError(result.error)
        return Posted(result.body, result.reducers)

    def stop(self) -> None:
        """End the process; the next request starts another one, which knows nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        policy = msgspec.json.encode(self._policy).decode()
        command = [sys.executable, "-m", "sparing.evals.traffic.replica", policy]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class _Two:
    """Turn by turn another one of two processes."""

    def __init__(self, policy: PolicySettings) -> None:
        self._replicas = (Replica(policy), Replica(policy))
        self._conversation = self._turn = 0

    def begin(self) -> None:
        self._conversation += 1
        self._turn = 0

    def send(self, wire: str, body: bytes) -> Posted:
        if self._turn == 2 and self._conversation <= _RESTARTS:
            self._replicas[0].stop()
        replica = self._replicas[self._turn % 2]
        self._turn += 1
        return replica.send(wire, body)

    def close(self) -> None:
        for replica in self._replicas:
            replica.stop()


def two_replicas(policy: PolicySettings) -> Sender:
    """The turns of a conversation go to two processes by turns; in the first ten conversations, one is restarted."""
    two = _Two(policy)
    return Sender("two replicas, one restarted", two.send, two.begin, two.close)


def serve(policy: PolicySettings, orders: BinaryIO, results: BinaryIO) -> None:
    """Answer every order until there are no more."""
    sender = sparing(policy)
    for line in orders:
        order = msgspec.json.decode(line, type=_Order)
        try:
            posted = sender.send(order.wire, order.body)
            result = _Result(posted.body, dict(posted.reducers))
        except RequestError as error:
            result = _Result(error=str(error))
        results.write(msgspec.json.encode(result) + b"\n")
        results.flush()


if __name__ == "__main__":
    serve(msgspec.json.decode(sys.argv[1], type=PolicySettings), sys.stdin.buffer, sys.stdout.buffer)
