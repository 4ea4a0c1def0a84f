"""Any server that makes vectors by OpenAI's ``/v1/embeddings``."""

from __future__ import annotations

import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from http.client import HTTPException

import msgspec
import numpy as np
from numpy.typing import NDArray

from sparing.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from sparing.generate.faults import PASSING, retry_after_s
from sparing.generate.retry import Patience

_AT_ONCE = 4  # requests
_REQUEST_CHARS = 200_000  # of texts in one request, about 50,000 tokens
_TIMEOUT_S = 60.0
_PATIENCE = Patience(tries=4)

Floats = NDArray[np.float32]


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Vector]


_decode = msgspec.json.Decoder(_Answer).decode


class Served:
    """Implements `Embedder`. Safe to share between threads.

    A server that is overloaded or gone is asked again for a while, with waits that grow.

    Args:
        model: As the server calls it; a store remembers it by this name.
        url: Base URL, without ``/v1``.
        key: Sent as a bearer token; "" sends none.
        texts: At most so many in one request.
        sleep: Takes seconds.
    """

    def __init__(
        self,
        model: str,
        url: str,
        key: str = "",
        *,
        texts: int = 64,
        patience: Patience = _PATIENCE,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.name = model
        self._url = f"{url.rstrip('/')}/v1/embeddings"
        self._headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        self._texts = texts
        self._patience = patience
        self._sleep = sleep

    @cached_property
    def dimensions(self) -> int:
        """Asked of the server once."""
        return int(self._ask(["dimensions"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Floats:
        batches = list(self._batches(texts))
        if not batches:
            return np.zeros((0, self.dimensions), np.float32)
        with ThreadPoolExecutor(min(_AT_ONCE, len(batches))) as pool:
            vectors = np.concatenate(list(pool.map(self._ask, batches)))
        if vectors.shape[1] != self.dimensions:
            raise self._error(f"answers with vectors of {vectors.shape[1]} numbers, then of {self.dimensions}")
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for text in texts:
            if batch and (len(batch) == self._texts or size + len(text) > _REQUEST_CHARS):
                yield batch
                batch, size = [], 0
            batch.append(text or " ")  # servers refuse empty texts
            size += len(text)
        if batch:
            yield batch

    def _ask(self, texts: list[str]) -> Floats:
        body = msgspec.json.encode({"model": self.name, "input": texts, "encoding_format": "float"})
        try:
            answer = _decode(self._post(body))
        except msgspec.DecodeError as error:
            raise self._error(f"answers with something else than vectors: {error}") from error
        vectors = sorted(answer.data, key=lambda vector: vector.index)
        if [vector.index for vector in vectors] != list(range(len(texts))):
            raise self._error(f"answers with {len(vectors)} vectors for {len(texts)} texts")
        if len({len(vector.embedding) for vector in vectors}) != 1 or not vectors[0].embedding:
            raise self._error("answers with vectors of different lengths")
        made = np.array([vector.embedding for vector in vectors])
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise self._error("answers with vectors that have no length")
        return np.asarray(made / lengths, np.float32)

    def _post(self, body: bytes) -> bytes:
        waited_s, wait_s = 0.0, self._patience.base_s
        for tries in range(1, self._patience.tries + 1):
            try:
                return self._once(body)
            except UpstreamError as error:
                pause_s = (error.retry_after_s or 0.0) + random.uniform(0, wait_s)
                last = tries == self._patience.tries or waited_s + pause_s > self._patience.wait_s
                if last or error.status_code not in PASSING:
                    error.tries = tries
                    raise
            self._sleep(pause_s)
            waited_s, wait_s = waited_s + pause_s, wait_s * 2
        raise AssertionError("it is tried at least once")

    def _once(self, body: bytes) -> bytes:
        request = urllib.request.Request(self._url, body, self._headers)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read()
            headers = {name.lower(): value for name, value in error.headers.items()}
            raise self._error(
                f"answers {error.code}: {said.decode('utf-8', 'replace'):.300}",
                status_code=error.code,
                retry_after_s=retry_after_s(headers, time.time()),
                body=said,
            ) from error
        except TimeoutError as error:
            raise UpstreamTimeout(f"{self._url} does not answer in {_TIMEOUT_S:g} s", status_code=504) from error
        except (OSError, HTTPException) as error:
            raise UpstreamUnreachable(f"{self._url}: {error}", hint="check retrieval.embedder_url") from error

    def _error(
        self, what: str, *, status_code: int = 502, retry_after_s: float | None = None, body: bytes = b""
    ) -> UpstreamError:
        return UpstreamError(
            f"the embedder {self.name} at {self._url} {what}",
            hint="check retrieval.embedder, embedder_url and embedder_key",
            status_code=status_code,
            retry_after_s=retry_after_s,
            body=body,
        )
