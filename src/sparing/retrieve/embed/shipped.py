"""The embedder that comes with the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sparing.core.reducer import Deadline
from sparing.core.store import Embedder
from sparing.errors import SelectorMissing
from sparing.select.installed import installed

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from sparing.select.static import StaticEmbeddings


def shipped() -> Embedder:
    """The shipped static embeddings.

    Raises:
        SelectorMissing: The extra `select` is not installed, or a file is missing or damaged.
    """
    models = installed()
    models.load("static")
    if why := models.missing.get("static"):
        raise SelectorMissing(f"the shipped embedder cannot run: {why}")
    return _Static(models.static, models.identity)


class _Static:
    """Implements `Embedder` by the mean of the vectors of a text's word pieces."""

    def __init__(self, model: StaticEmbeddings, identity: str) -> None:
        self._model = model
        self.name = f"static {identity.split()[-1][:12]}"
        self.dimensions = int(self._sums([""]).shape[1])

    def embed(self, texts: Sequence[str]) -> NDArray[float32]:
        import numpy as np

        sums = self._sums(texts)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums[lengths[:, 0] == 0, 0] = 1  # a text without a piece points somewhere, always to the same place
        return np.asarray(sums / np.where(lengths > 0, lengths, 1), np.float32)

    def _sums(self, texts: Sequence[str]) -> NDArray[float32]:
        return self._model.sums([self._model.pieces.ids(text) for text in texts], Deadline())
