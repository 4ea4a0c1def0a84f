"""The models of this process: checked once, loaded when they are first used, shared by all threads."""

from __future__ import annotations

import logging
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sparing.errors import SelectorDamaged, SelectorMissing
from sparing.select.fusion import Fusions, load_fusions
from sparing.select.manifest import SHIPPED, Models, check
from sparing.select.wordpiece import WordPiece

if TYPE_CHECKING:
    from sparing.select.encoder import Encoder
    from sparing.select.sessions import Lower
    from sparing.select.static import StaticEmbeddings

_log = logging.getLogger("sparing")
_VOCABULARY, _FUSIONS = "vocab.txt", "fusion.json"
_FILES = {
    "static": {"static.npz"},
    "encoder": {"lower.onnx", "upper.onnx"},
    "sentence": {"lower.onnx", "sentence.onnx"},
}
_NEEDS = {"static": ("numpy",), "encoder": ("numpy", "onnxruntime"), "sentence": ("numpy", "onnxruntime")}
_TIERS = ("static", "encoder")
_EXTRA = "the extra `select` is not installed: pip install 'sparing[select]'"


class Installed:
    """What can run here.

    Args:
        folder: Of the model files.
    Attributes:
        missing: Tier, or ``sentence`` for the embedding, to why it cannot run; what can is not in it.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._lock = Lock()
        self._models: Models | None = None
        self.missing: dict[str, str] = {}
        try:
            self._models = check(folder)
        except SelectorMissing as error:
            if isinstance(error, SelectorDamaged):
                _log.error("the learned selector is off, rules decide: %s", error)
            self.missing = dict.fromkeys(_NEEDS, str(error))
            return
        for tier, modules in _NEEDS.items():
            if not {_VOCABULARY, _FUSIONS, *_FILES[tier]} <= self._models.paths.keys():
                self.missing[tier] = "not shipped"
            elif not all(map(find_spec, modules)):
                self.missing[tier] = _EXTRA

    @property
    def identity(self) -> str:
        """Equal in processes that choose alike."""
        tiers = [tier for tier in _TIERS if tier not in self.missing]
        return f"{'+'.join(tiers)} {self._models.digest}" if tiers and self._models else "rules"

    @property
    def models(self) -> Models:
        """Those that were checked; there are some where a tier is not `missing`."""
        assert self._models is not None
        return self._models

    def is_loaded(self, *tiers: str) -> bool:
        """Whether these can be used without waiting for a file."""
        return all(tier in self.__dict__ for tier in tiers)

    def load(self, *tiers: str) -> None:
        """Load what of these is not yet loaded; takes some tenths of a second.

        One that cannot be loaded is `missing` from then on, and the log says why.
        """
        with self._lock:
            for tier in tiers:
                try:
                    getattr(self, tier)
                except Exception as error:  # whatever a runtime does with a file, rules can decide
                    _log.exception("the selector's %s cannot be loaded, cheaper tiers decide", tier)
                    self.missing[tier] = f"it cannot be loaded: {type(error).__name__}"

    @cached_property
    def vocabulary(self) -> WordPiece:
        return WordPiece(self.models.paths[_VOCABULARY].read_text(encoding="utf-8").splitlines())

    @cached_property
    def fusions(self) -> Fusions:
        return load_fusions(self.models.paths[_FUSIONS])

    @cached_property
    def static(self) -> StaticEmbeddings:
        from sparing.select.static import StaticEmbeddings

        return StaticEmbeddings.load(self.models.paths["static.npz"], self.vocabulary)

    @cached_property
    def lower(self) -> Lower:
        from sparing.select.sessions import Lower

        return Lower(self.models.paths["lower.onnx"], self.vocabulary.start, self.vocabulary.end)

    @cached_property
    def encoder(self) -> Encoder:
        from sparing.select.encoder import Encoder

        return Encoder(self.lower, self.models.paths["upper.onnx"])


@lru_cache
def installed() -> Installed:
    """Of this process; the files are hashed the first time (about 30 ms)."""
    return Installed()
