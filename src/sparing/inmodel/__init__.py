"""KV and token dropping inside PyTorch models: real bytes, real time (extra ``torch``).

>>> from sparing import inmodel as im
>>> model = im.attach(model)
>>> cache = im.DropCache(model, im.Policy(budget=im.Budget(fraction=0.5)))
>>> model.generate(**inputs, cache=cache)
"""

from __future__ import annotations

from sparing.inmodel.versions import check_versions

check_versions()

from sparing.inmodel.allocate import Ada, Allocator, Global, HeadProfile, Pyramid, Uniform  # noqa: E402
from sparing.inmodel.attention import attach, detach  # noqa: E402
from sparing.inmodel.budget import Budget  # noqa: E402
from sparing.inmodel.cache import DropCache  # noqa: E402
from sparing.inmodel.exit import Exit, Exited, exiting, fit_exit  # noqa: E402
from sparing.inmodel.pages import Pages  # noqa: E402
from sparing.inmodel.policy import FULL, Policy  # noqa: E402
from sparing.inmodel.prune import Prune, prune  # noqa: E402
from sparing.inmodel.report import LayerReport, Report  # noqa: E402
from sparing.inmodel.save import load_cache, save_cache  # noqa: E402
from sparing.inmodel.skip import Skip, Speculated, speculate  # noqa: E402
from sparing.inmodel.skip_fit import fit_skip  # noqa: E402
from sparing.inmodel.sparse import SparsePrefill  # noqa: E402
from sparing.inmodel.view import LayerView, Scorer  # noqa: E402
from sparing.inmodel.weights import load_gguf  # noqa: E402

__all__ = [
    "FULL",
    "Ada",
    "Allocator",
    "Budget",
    "DropCache",
    "Exit",
    "Exited",
    "Global",
    "HeadProfile",
    "LayerReport",
    "LayerView",
    "Pages",
    "Policy",
    "Prune",
    "Pyramid",
    "Report",
    "Scorer",
    "Skip",
    "SparsePrefill",
    "Speculated",
    "Uniform",
    "attach",
    "detach",
    "exiting",
    "fit_exit",
    "fit_skip",
    "load_cache",
    "load_gguf",
    "prune",
    "save_cache",
    "speculate",
]
