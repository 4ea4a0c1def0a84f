"""The kernel for one token, in Triton's interpreter: what plain attention over each row says."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("triton")

CHECK = """
import itertools
import torch
from sparing.inmodel import decode_kernel
from sparing.inmodel.int8 import decode, encode
from sparing.inmodel.store import RaggedStore

random = torch.Generator().manual_seed(0)
lengths, dim, group = [1, 130, 64, 0, 201], 32, 3

for eight_bits, split in itertools.product((False, True), (1, 40)):
    decode_kernel._PROGRAMS_PER_CORE = split
    stored, dtype = (dim + 2, torch.int8) if eight_bits else (dim, torch.float32)
    store = RaggedStore(5, stored, stored, dtype, torch.device("cpu"))

    def drawn(*shape):
        exact = torch.randn(*shape, dim, generator=random)
        return encode(exact) if eight_bits else exact

    store.append_ragged([(drawn(n), drawn(n), torch.arange(n)) for n in lengths])
    for step in range(3):
        queries = torch.randn(5, group, dim, generator=random)
        got = decode_kernel.attend_rows_on_gpu(queries, store, 0.2)
        for row, (keys, values, _) in enumerate(store.rows()):
            weights = (queries[row] @ decode(keys, torch.float32).T * 0.2).softmax(-1)
            expected = weights @ decode(values, torch.float32) if len(keys) else torch.zeros(group, dim)
            torch.testing.assert_close(got[row], expected, atol=1e-5, rtol=0)
        store.append(drawn(5, 1), drawn(5, 1), 201 + step)
"""


def test_rows_of_any_length_are_attended_to() -> None:
    """Rows of one token, of none, and longer than a stretch; as they grow; exact and in eight bits; split or not."""
    # Triton decides when it is imported whether it interprets.
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", CHECK], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
