"""Sparing: make every LLM request carry only the tokens that matter.

>>> import sparing
>>> sparing.reduce_text(long_text, query="Who signed?", budget=500).text
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparing.api import (
        Reduced,
        ReducedRequest,
        ReducedTools,
        areduce,
        areduce_text,
        reduce,
        reduce_text,
        reduce_texts,
        reduce_tools,
    )
    from sparing.errors import (
        BodyTooLarge,
        BudgetExceeded,
        DeadlineExceeded,
        MalformedBody,
        ModelMissing,
        RecordError,
        ReducerError,
        RequestError,
        SettingsError,
        SparingError,
        UpstreamError,
        UpstreamTimeout,
        UpstreamUnreachable,
    )
    from sparing.finish.recall import recall
    from sparing.finish.tighten import Tightened, atighten, tighten
    from sparing.settings import PolicySettings

__version__ = "0.1.0"

_HOME = {
    **dict.fromkeys(
        (
            "Reduced",
            "ReducedRequest",
            "ReducedTools",
            "areduce",
            "areduce_text",
            "reduce",
            "reduce_text",
            "reduce_texts",
            "reduce_tools",
        ),
        "sparing.api",
    ),
    **dict.fromkeys(
        (
            "BodyTooLarge",
            "BudgetExceeded",
            "DeadlineExceeded",
            "MalformedBody",
            "ModelMissing",
            "RecordError",
            "ReducerError",
            "RequestError",
            "SettingsError",
            "SparingError",
            "UpstreamError",
            "UpstreamTimeout",
            "UpstreamUnreachable",
        ),
        "sparing.errors",
    ),
    "PolicySettings": "sparing.settings",
    "recall": "sparing.finish.recall",
    **dict.fromkeys(("Tightened", "atighten", "tighten"), "sparing.finish.tighten"),
}

__all__ = [
    "BodyTooLarge",
    "BudgetExceeded",
    "DeadlineExceeded",
    "MalformedBody",
    "ModelMissing",
    "PolicySettings",
    "RecordError",
    "Reduced",
    "ReducedRequest",
    "ReducedTools",
    "ReducerError",
    "RequestError",
    "SettingsError",
    "SparingError",
    "Tightened",
    "UpstreamError",
    "UpstreamTimeout",
    "UpstreamUnreachable",
    "__version__",
    "areduce",
    "areduce_text",
    "atighten",
    "recall",
    "reduce",
    "reduce_text",
    "reduce_texts",
    "reduce_tools",
    "tighten",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `import sparing` costs next to nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'sparing' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
