"""Questions as vectors: the nearer two are, the more alike is what they ask."""

from __future__ import annotations

import zlib
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from operator import mul
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from sparing.core.store import Embedder as TextEmbedder
from sparing.errors import SettingsError
from sparing.generate.cache.semantic.wording import take_apart, weight

Vector: TypeAlias = "array[float]"  # of length 1
_DIMENSIONS = 512
_MOST_TOKENS = 128


class Embedder(Protocol):
    """Text to a vector of length 1.

    Attributes:
        name: Tells one from another: similarities of two are not the same thing.
        slow: Whether it is worth a thread.
    """

    name: str
    slow: bool

    def embed(self, text: str) -> Vector: ...


def similarity(one: Vector, other: Vector) -> float:
    """Cosine, -1..1."""
    return float(sum(map(mul, one, other)))


class Lexical:
    """Words, and the beginnings of words, hashed into 512 numbers: needs nothing, knows no synonyms."""

    name = "lexical.v1"
    slow = False

    def embed(self, text: str) -> Vector:
        values = [0.0] * _DIMENSIONS
        for word in take_apart(text).words:
            _add(values, word, weight(word))
            _add(values, f"{word[:5]}-", 0.5 * weight(word))
        return unit(values)


class Encoder:
    """A sentence encoder in ONNX (MiniLM and its like): mean of the token states under the attention mask.

    Args:
        folder: Holds ``model.onnx`` and ``tokenizer.json``.
    Raises:
        SettingsError: The files, onnxruntime or tokenizers are missing, or cannot be used.
    """

    slow = True

    def __init__(self, folder: Path) -> None:
        try:
            import numpy as np
            import onnxruntime as ort
            from tokenizers import Tokenizer
        except ImportError as error:
            raise SettingsError(
                f"an encoder needs {error.name}, which is not installed", hint="pip install onnxruntime tokenizers"
            ) from error
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # questions are short, and the machine has other things to do
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session: Any = ort.InferenceSession(str(folder / "model.onnx"), options)
        except Exception as error:  # both raise what they like
            raise SettingsError(
                f"{folder} holds no encoder: {error}", hint="model.onnx and tokenizer.json have to lie in it"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._np = np
        self._inputs = [given.name for given in self._session.get_inputs()]
        digest = blake2b((folder / "model.onnx").read_bytes(), digest_size=8).hexdigest()
        self.name = f"encoder.{digest}"

    def embed(self, text: str) -> Vector:
        np = self._np
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        return unit(states[0].mean(axis=0).tolist())


class Sentences:
    """An embedding of many texts as one of questions, which come one at a time.

    Args:
        embedding: Safe to share between threads.
    """

    slow = True

    def __init__(self, embedding: TextEmbedder) -> None:
        self.name = embedding.name
        self._embedding = embedding

    def embed(self, text: str) -> Vector:
        return array("f", self._embedding.embed([text])[0])


class Remembering:
    """Another embedder, with the vectors of the newest texts kept by hash.

    Args:
        most: So many; a vector of 384 numbers takes 1.6 kB.
    """

    def __init__(self, embedder: Embedder, most: int = 4096) -> None:
        self.name = embedder.name
        self.slow = embedder.slow
        self._embedder = embedder
        self._most = most
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()

    def embed(self, text: str) -> Vector:
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        vector = self._vectors.get(key)
        if vector is None:
            vector = self._vectors[key] = self._embedder.embed(text)
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)
        return vector


def unit(values: Iterable[float]) -> Vector:
    """Scaled to length 1; zeros stay zeros."""
    vector = array("f", values)
    length = sum(map(mul, vector, vector)) ** 0.5
    return array("f", [value / length for value in vector]) if length else vector


def _add(values: list[float], word: str, amount: float) -> None:
    digest = zlib.crc32(word.encode("utf-8", "surrogatepass"))
    values[digest % _DIMENSIONS] += amount if digest & 0x8000_0000 else -amount
