"""The library: reduce a text, a whole request, or tool definitions. Re-exported by `sparing`."""

from sparing.api.request import ReducedRequest, areduce, reduce
from sparing.api.text import areduce_text, reduce_text
from sparing.api.texts import Reduced, reduce_texts
from sparing.api.tools import ReducedTools, reduce_tools

__all__ = [
    "Reduced",
    "ReducedRequest",
    "ReducedTools",
    "areduce",
    "areduce_text",
    "reduce",
    "reduce_text",
    "reduce_texts",
    "reduce_tools",
]
