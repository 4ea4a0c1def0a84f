"""The encoder: reads a question and a passage together and says what of the passage to keep.

One forward gives the passage's relevance and a keep score per token, as in Provence (Chirkova et al. 2025, "Provence:
efficient and robust context pruning for retrieval-augmented generation"). One passage at a time: dynamic quantisation
scales activations over a whole batch, so in a batch a passage's scores would depend on what else is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import onnxruntime

from sparing.select.material import MOST_PASSAGE_PIECES
from sparing.select.memo import Reading
from sparing.select.wordpiece import WordPiece

MOST_QUESTION_PIECES = 64  # a longer question is cut
SPECIAL_PIECES = 4  # a start and an end around question and passage each
_UNREAD = -8.0  # the logit of a unit without pieces, or beyond what fits


class Encoder:
    """An ONNX session on one thread. Safe to share between threads."""

    def __init__(self, path: Path, vocabulary: WordPiece) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep what the longest passage took
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._vocabulary = vocabulary

    def read(self, question: Sequence[int], units: Sequence[Sequence[int]]) -> Reading:
        """Read a passage cut into units, all as piece numbers; what is beyond the limits is not read."""
        question = question[:MOST_QUESTION_PIECES]
        start, end = self._vocabulary.start, self._vocabulary.end
        passage = [piece for unit in units for piece in unit][:MOST_PASSAGE_PIECES]
        ids = np.array([[start, *question, end, start, *passage, end]], np.int64)
        first = len(question) + 3
        types = np.zeros_like(ids)
        types[0, first - 1 :] = 1
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        relevance, keep = self._session.run(["passage", "keep"], inputs)
        sums = [0.0, *accumulate(keep[0, first : first + len(passage)].tolist())]
        ends = [min(end, len(passage)) for end in accumulate(map(len, units), initial=0)]
        return Reading(float(relevance[0]), tuple(_mean(sums, a, b) for a, b in pairwise(ends)))


def _mean(sums: Sequence[float], start: int, end: int) -> float:
    return (sums[end] - sums[start]) / (end - start) if end > start else _UNREAD
