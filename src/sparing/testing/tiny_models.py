"""Models of a few kilobytes that behave like the shipped ones, written without the `onnx` package.

The encoder's keep logit is high for a token that the question has too, low for others; the passage's is their mean.
"""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from pathlib import Path

import numpy as np

_TEXT = """
the cat sat on a mat dog ran in park who what where is was river flows past old mill bridge king built tower stone green
apple pie recipe needs sugar and milk many people visit town each year for its museum some letters it has of two lines
"""
_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789"
PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", *".,?!:;'\"()-"),
    *dict.fromkeys([*_CHARS, *_TEXT.split()]),
    *(f"##{char}" for char in _CHARS),
]
_INT64, _FLOAT = 7, 1


def write_models(folder: Path, *tiers: str) -> Path:
    """A folder with a manifest and the files of these tiers (default: both)."""
    folder.mkdir(parents=True, exist_ok=True)
    tiers = tiers or ("static", "encoder")
    (folder / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")
    files = ["vocab.txt", "fusion.json"]
    weights = {"static": [-9.0, 8.0, 3.0, 3.0], "encoder": [-2.0, 2.0, 1.0, 1.0]}
    fusions = {tier: {"prose": row} for tier, row in weights.items()}
    (folder / "fusion.json").write_text(json.dumps(fusions))
    if "static" in tiers:
        vectors = np.random.default_rng(0).integers(-127, 128, (len(PIECES), 32)).astype(np.int8)
        np.savez(folder / "static.npz", vectors=vectors, scales=np.full(len(PIECES), 0.01, np.float32))
        files.append("static.npz")
    if "encoder" in tiers:
        (folder / "lower.onnx").write_bytes(lower())
        (folder / "upper.onnx").write_bytes(upper())
        files += ["lower.onnx", "upper.onnx"]
    entries = {}
    for file in files:
        raw = (folder / file).read_bytes()
        entries[file] = {"bytes": len(raw), "sha256": sha256(raw).hexdigest(), "what": "for tests"}
    manifest = {"version": "tests", "files": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def lower() -> bytes:
    """An ONNX model with the inputs and outputs of the shipped lower layers: a state is the piece's number."""
    nodes = [
        _node("Unsqueeze", ["ids", "axis_2"], "wide"),
        _node("Cast", ["wide"], "states", _int("to", _FLOAT)),
    ]
    initializers = [_tensor("axis_2", _INT64, [1], struct.pack("<q", 2))]
    return _model(nodes, initializers, [_value("ids", _INT64, 2)], [_value("states", _FLOAT, 3)])


def upper() -> bytes:
    """The same for the upper layers."""
    nodes = [
        _node("Transpose", ["question"], "across", _ints("perm", 0, 2, 1)),
        _node("Equal", ["passage", "across"], "same"),
        _node("Cast", ["same"], "same_float", _int("to", _FLOAT)),
        _node("ReduceMax", ["same_float"], "shared", _ints("axes", 2), _int("keepdims", 0)),
        _node("Mul", ["shared", "twelve"], "scaled"),
        _node("Sub", ["scaled", "six"], "keep"),
        _node("Identity", ["keep"], "keep_any"),
        _node("ReduceMean", ["keep"], "relevance", _ints("axes", 1), _int("keepdims", 0)),
    ]
    initializers = [
        _tensor("twelve", _FLOAT, [], struct.pack("<f", 12.0)),
        _tensor("six", _FLOAT, [], struct.pack("<f", 6.0)),
    ]
    inputs = [_value(name, _FLOAT, 3) for name in ("question", "passage")]
    outputs = [_value("relevance", _FLOAT, 1), _value("keep", _FLOAT, 2), _value("keep_any", _FLOAT, 2)]
    return _model(nodes, initializers, inputs, outputs)


def _model(nodes: list[bytes], initializers: list[bytes], inputs: list[bytes], outputs: list[bytes]) -> bytes:
    graph = b"".join(
        [
            *(_bytes(1, node) for node in nodes),
            _bytes(2, b"tiny"),
            *(_bytes(5, tensor) for tensor in initializers),
            *(_bytes(11, value) for value in inputs),
            *(_bytes(12, value) for value in outputs),
        ]
    )
    return _varint(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _varint(2, 13))


def _number(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 127, value >> 7
        out.append(byte | (128 if value else 0))
        if not value:
            return bytes(out)


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(value)) + value


def _node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    names = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    return names + _bytes(4, kind.encode()) + b"".join(_bytes(5, attribute) for attribute in attributes)


def _int(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _varint(3, value) + _varint(20, 2)


def _ints(name: str, *values: int) -> bytes:
    return _bytes(1, name.encode()) + b"".join(_varint(8, value) for value in values) + _varint(20, 7)


def _tensor(name: str, kind: int, dims: list[int], raw: bytes) -> bytes:
    return b"".join(_varint(1, dim) for dim in dims) + _varint(2, kind) + _bytes(8, name.encode()) + _bytes(9, raw)


def _value(name: str, kind: int, rank: int) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, f"{name}_{axis}".encode())) for axis in range(rank))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _varint(1, kind) + _bytes(2, shape)))
