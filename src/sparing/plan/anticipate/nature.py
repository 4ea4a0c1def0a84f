"""What kinds of requests there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from sparing.settings.policies import Intent

INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)


@dataclass(frozen=True, slots=True)
class Nature:
    """What a request is taken for.

    Attributes:
        chance: Of the intent, 0..1.
        complexity: 0..1, the same for all intents: what share of the turns that it was fitted on is easier.
    """

    intent: Intent = "chat"
    chance: float = 0.0
    complexity: float = 0.0
