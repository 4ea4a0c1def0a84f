"""An encoder as int8 ONNX files, with the manifest that says what each shipped file is."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from sparing.select.training.encoder import Encoder

_OPSET = 17
_START, _END = 101, 102


class Lower(nn.Module):
    """Lower states of one text [1, tokens, hidden] from its piece numbers."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor) -> Tensor:
        return self.encoder.apart(ids, torch.ones_like(ids), torch.zeros_like(ids))


class Upper(nn.Module):
    """The three heads from the lower states of a question [1, q, hidden] and of a passage [1, p, hidden]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, question: Tensor, passage: Tensor) -> tuple[Tensor, ...]:
        states = torch.cat([question, passage], 1)
        sides = torch.cat([torch.zeros_like(question[..., 0]), torch.ones_like(passage[..., 0])], 1)
        there = torch.ones_like(sides)
        relevance, keep, keep_any = self.encoder.scores(self.encoder.together(states, there, sides), there, sides)
        first = question.shape[1]
        return relevance, keep[:, first:], keep_any[:, first:]


class Sentence(nn.Module):
    """A text's unit vector [1, hidden] from its lower states: the base's own upper layers, the mean over tokens."""

    def __init__(self, base: Encoder) -> None:
        super().__init__()
        self.base = base

    def forward(self, states: Tensor) -> Tensor:
        there = torch.ones_like(states[..., 0])
        top = self.base.together(states, there, torch.zeros_like(there))
        return torch.nn.functional.normalize(top.mean(1), dim=-1)


@dataclass(frozen=True)
class Part:
    """A file: what is traced, with what, and the names of what goes in and comes out."""

    module: nn.Module
    example: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def parts_of(encoder: Encoder, base: Encoder) -> dict[str, Part]:
    """By file name. The lower layers of both are the same, so one file serves judging and embedding."""
    ids = torch.tensor([[_START, 2040, 2003, 2008, _END]])
    states = torch.zeros(1, 5, encoder.shape.hidden)
    return {
        "lower.onnx": Part(Lower(encoder), (ids,), ("ids",), ("states",)),
        "upper.onnx": Part(
            Upper(encoder), (states[:, :3], states), ("question", "passage"), ("relevance", "keep", "keep_any")
        ),
        "sentence.onnx": Part(Sentence(base), (states,), ("states",), ("vector",)),
    }


def export_float(part: Part, path: Path) -> None:
    """A part as float32 ONNX; the number of tokens is free."""
    tokens = {"ids": "tokens", "states": "tokens", "question": "asked", "passage": "tokens"} | {
        "keep": "tokens",
        "keep_any": "tokens",
    }
    free = {name: {1: tokens[name]} for name in (*part.inputs, *part.outputs) if name in tokens}
    with warnings.catch_warnings():
        # The older exporter, though it is no longer the default, writes the plain operators that ONNX Runtime fuses.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            part.module.eval().float(),
            part.example,
            str(path),
            input_names=part.inputs,
            output_names=part.outputs,
            dynamic_axes=free,
            opset_version=_OPSET,
            dynamo=False,
        )


def export_int8(part: Part, path: Path) -> None:
    """A part with int8 weights, per channel, activations quantised as they come; embeddings int8 too."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "part.onnx"
        export_float(part, whole)
        quantize_dynamic(
            whole,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"MatMulConstBOnly": True},
        )
    onnx.checker.check_model(str(path))


def write_manifest(folder: Path, version: str, files: Mapping[str, Mapping[str, Any]]) -> None:
    """`manifest.json`: for each file its SHA-256, its size, what it is and its limits."""
    rows = {name: _row(folder / name) | dict(about) for name, about in files.items()}
    text = json.dumps({"version": version, "files": rows}, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _row(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    return {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
