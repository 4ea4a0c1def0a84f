"""What the rules and a model say of every unit of many contexts, for fitting the weights between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sparing.select.training.contexts import Context
from sparing.select.training.scorers import Looker, Scorer, unit_scaled


def features(contexts: Sequence[Context], rules: Scorer, looker: Looker) -> dict[str, npt.NDArray[np.float32]]:
    """`x` [units, 3]: rules over the best of the text, the unit, its passage; `y` [units]; `group` [units]."""
    x, y, group = [], [], []
    for number, context in enumerate(contexts):
        looks = looker.look(context, range(len(context.passages)))
        for scores, look, gold in zip(unit_scaled(rules(context)), looks, context.gold, strict=True):
            for unit, (score, of_unit) in enumerate(zip(scores, look.units, strict=False)):
                x.append((score, of_unit, look.passage))
                y.append(float(unit in gold))
                group.append(number)
    return {
        "x": np.array(x, np.float32),
        "y": np.array(y, np.float32),
        "group": np.array(group, np.int64),
    }
