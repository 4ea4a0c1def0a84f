"""An encoder as an int8 ONNX file, with the manifest that says what each shipped file is."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from sparing.select.training.encoder import Encoder

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OUTPUTS = ("passage", "keep", "keep_any")
_OPSET = 17


def export_float(encoder: Encoder, path: Path) -> None:
    """The encoder as float32 ONNX; batch and tokens are free."""
    ids = torch.tensor([[101, 2040, 102, 101, 2023, 2003, 102], [101, 2040, 102, 101, 2023, 102, 0]])
    mask = (ids > 0).long()
    sides = torch.tensor([[0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 0]])
    free = {name: {0: "batch", 1: "tokens"} for name in (*_INPUTS, "keep", "keep_any")} | {"passage": {0: "batch"}}
    with warnings.catch_warnings():
        # The older exporter, though it is no longer the default, writes the plain operators that ONNX Runtime fuses.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            encoder.eval().float(),
            (ids, mask, sides),
            str(path),
            input_names=_INPUTS,
            output_names=_OUTPUTS,
            dynamic_axes=free,
            opset_version=_OPSET,
            dynamo=False,
        )


def export_int8(encoder: Encoder, path: Path) -> None:
    """The encoder with int8 weights, per channel, activations quantised as they come; embeddings int8 too."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "encoder.onnx"
        export_float(encoder, whole)
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
