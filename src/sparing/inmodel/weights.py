"""A GGUF file as a PyTorch model: unpacked to float32 once, kept as safetensors beside it for the next time."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from sparing.errors import ModelMissing


def load_gguf(path: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model (float32, for inference) and tokenizer of a GGUF file, such as `sparing models path` names.

    The first call takes tens of seconds and writes `<path>.safetensors/` beside the file, four bytes a weight.

    Raises:
        ModelMissing: There is no such file.
    """
    if not path.is_file():
        raise ModelMissing(f"there is no model file {path}", hint="run: sparing models pull")
    folder = path.with_name(path.name + ".safetensors")
    if not (folder / "config.json").is_file():
        _unpack(path, folder)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(folder)


def _unpack(path: Path, folder: Path) -> None:
    """Write the model to a neighbour of the folder, then rename: the folder is whole or not there."""
    model: Any = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # What was unpacked is plain float32; Transformers still takes it for packed and would refuse to save it.
    model.hf_quantizer, model.is_quantized = None, False
    del model.config.quantization_config
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=folder.name))
    try:
        model.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
