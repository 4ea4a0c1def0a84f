"""What is loaded beforehand."""

from __future__ import annotations

import subprocess
import sys


def test_everything_that_a_reduction_needs_is_loaded() -> None:
    """After it, neither a vocabulary nor a reducer has to be found by the first request."""
    script = """
from sparing.warm import warm_up
from sparing import registry
from sparing.tokens.bpe import load_vocabulary
warm_up("gpt-4o", "gpt-4")
plugins = sum(len(registry.names(group)) for group in ("reducers", "guards"))
print(load_vocabulary.cache_info().currsize, registry.load.cache_info().currsize - plugins)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "0"]
