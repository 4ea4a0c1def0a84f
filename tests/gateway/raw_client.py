"""HTTP without a library's opinions."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


def connect(url: str) -> http.client.HTTPConnection:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=20)


def request(
    url: str, path: str = CHAT, body: Any = None, headers: Mapping[str, str] = {}, method: str = "POST"
) -> Reply:
    """One request on a connection of its own; bodies that are not bytes go out as JSON."""
    connection = connect(url)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {"content-type": "application/json", **headers})
        return reply(connection)
    finally:
        connection.close()


def reply(connection: http.client.HTTPConnection) -> Reply:
    response = connection.getresponse()
    return Reply(response.status, response.getheaders(), response.read())


def open_socket(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def chat(text: str = "What is the capital of France?", **options: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **options}


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.01)
