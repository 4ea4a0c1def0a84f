"""ONNX sessions of the model files, and the layers that question and passage go through apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on one thread. Safe to share between threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep what the longest text took
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Lower:
    """The lower layers, shared by what judges and what embeds.

    One text at a time: dynamic quantisation scales activations over a whole batch, so in a batch a text's states would
    depend on what else is in it.

    Args:
        start, end: Pieces around every text.
    """

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._session = open_session(path)
        self._start, self._end = start, end

    def states(self, pieces: Sequence[int]) -> Floats:
        """float32 [1, pieces + 2, 384]."""
        ids = np.array([[self._start, *pieces, self._end]], np.int64)
        states: Floats = self._session.run(["states"], {"ids": ids})[0]
        return states
