"""Vectors from a server that speaks OpenAI's format."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from sparing.errors import UpstreamError, UpstreamUnreachable
from sparing.retrieve.embed.served import Served

Answer = Callable[[dict[str, Any]], tuple[int, dict[str, str], object]]


class Server(ThreadingHTTPServer):
    """Answers as told and remembers what it was asked; more answers than told repeat the last."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answers: list[Answer] = [vectors]
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        assert self.path == "/v1/embeddings"
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.guard:
            self.server.asked.append(body)
            self.server.keys.append(self.headers.get("authorization"))
            answer = self.server.answers[0]
            if len(self.server.answers) > 1:
                self.server.answers.pop(0)
        status, headers, content = answer(body)
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


def vectors(body: dict[str, Any]) -> tuple[int, dict[str, str], object]:
    """A text of n characters points n degrees or so; last text first, as no server promises an order."""
    data = [{"index": i, "embedding": [len(text), 3.0]} for i, text in enumerate(body["input"])]
    return 200, {}, {"object": "list", "data": data[::-1], "usage": {"total_tokens": 3}}


def failing(status: int, **headers: str) -> Answer:
    return lambda body: (status, headers, {"error": {"message": "no, sorry"}})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def served(server: Server, slept: list[float] | None = None, **options: Any) -> Served:
    return Served("m-1", server.url, "secret", sleep=(slept if slept is not None else []).append, **options)


def test_texts_are_sent_in_batches_and_come_back_in_order(server: Server) -> None:
    """Vectors have length 1, and the server is told the model and the key."""
    embedder = served(server, texts=3)
    texts = ["x" * n for n in range(1, 9)]
    made = embedder.embed(texts)
    expected = np.array([[n, 3.0] for n in range(1, 9)])
    assert np.allclose(made, expected / np.linalg.norm(expected, axis=1, keepdims=True))
    assert made.dtype == np.float32
    assert (embedder.name, embedder.dimensions) == ("m-1", 2)
    assert {len(body["input"]) for body in server.asked} <= {1, 2, 3}
    assert {body["model"] for body in server.asked} == {"m-1"}
    assert set(server.keys) == {"Bearer secret"}
    assert embedder.embed([]).shape == (0, 2)


def test_long_texts_are_sent_in_smaller_batches(server: Server) -> None:
    """And an empty one as a space, since servers refuse empty texts."""
    served(server).embed(["x" * 150_000, "y" * 150_000, ""])
    assert sorted(len(body["input"]) for body in server.asked if body["input"] != ["dimensions"]) == [1, 2]
    assert " " in [text for body in server.asked for text in body["input"]]


def test_a_server_that_is_busy_is_asked_again(server: Server) -> None:
    """After as long as it asks for, and no sooner."""
    slept: list[float] = []
    server.answers = [failing(429, **{"retry-after": "2"}), failing(503), vectors]
    assert served(server, slept).embed(["text"]).shape == (1, 2)
    assert len(slept) == 2
    assert 2 <= slept[0] < 3


def test_a_refusal_is_not_repeated_and_is_told(server: Server) -> None:
    """With status and words of the server, never the key."""
    server.answers = [failing(401)]
    with pytest.raises(UpstreamError, match=r"answers 401.*no, sorry") as caught:
        served(server).embed(["text"])
    assert (caught.value.status_code, len(server.asked)) == (401, 1)
    assert "secret" not in str(caught.value)


def test_it_gives_up_after_some_tries(server: Server) -> None:
    """And says how many."""
    server.answers = [failing(500)]
    with pytest.raises(UpstreamError) as caught:
        served(server).embed(["text"])
    assert (caught.value.tries, len(server.asked)) == (4, 4)


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0]}]},
        {"data": [{"index": 1, "embedding": [1.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        b'{"data": [{"index": 0, "embedding": [1e999, 1.0]}]}',
    ],
)
def test_what_is_no_answer_is_an_error(server: Server, content: object) -> None:
    """Wrong counts, no numbers, no length: nothing of it becomes a vector."""
    server.answers = [lambda body: (200, {}, content)]
    with pytest.raises(UpstreamError):
        served(server).embed(["text"])


def test_dimensions_do_not_change(server: Server) -> None:
    """A server whose model changes meanwhile is not believed."""
    embedder = served(server)
    assert embedder.dimensions == 2
    server.answers = [lambda body: (200, {}, {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]})]
    with pytest.raises(UpstreamError, match="of 3 numbers, then of 2"):
        embedder.embed(["text"])


def test_nobody_at_the_address_is_an_error(server: Server) -> None:
    """Typed, after a few tries."""
    embedder = Served("m-1", "http://127.0.0.1:9", sleep=lambda _: None)
    with pytest.raises(UpstreamUnreachable):
        embedder.embed(["text"])
