"""Routing by what a question is about: ridge regression on its sentence embedding. Measured, and not what is shipped.

It costs some ten milliseconds of CPU for each question, and what it adds to the form of the question is within the
interval of drawing other subjects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PENALTY = 100.0
_CUE = re.compile(r"\s*\bAnswer:\s*$")


def embedded(prompts: Sequence[str]) -> NDArray[np.float32]:
    """float32 [prompts, 384].

    Raises:
        SelectorMissing: The models or the extra that runs them are not here.
    """
    from sparing.select.sentence import sentence_embedding

    return sentence_embedding().embed([_CUE.sub("", prompt) for prompt in prompts])


def fit_meaning(vectors: NDArray[np.float32], targets: Sequence[float], known: Sequence[int]) -> Callable[[int], float]:
    """Scores of a row, by weights that were fitted on the known ones."""
    import numpy as np

    rows, wanted = vectors[list(known)].astype(float), np.array([targets[at] for at in known])
    mean = rows.mean(0)
    rows, wanted = rows - mean, wanted - wanted.mean()
    weights = np.linalg.solve(rows.T @ rows + _PENALTY * np.eye(rows.shape[1]), rows.T @ wanted)
    scores = (vectors - mean) @ weights
    return lambda at: float(scores[at])
