"""How much thought a request asks for, set to a level, whatever the field that its model reads.

Only fields of the request change, and where no field is known a sentence at the very end of the prompt (`briefly`).
Everything before stays byte for byte, so what the provider's cache knows of the prompt it still knows.
"""

from __future__ import annotations

from typing import Final

from sparing.receive.depth import anthropic, gemini, openai
from sparing.receive.depth.body import Body
from sparing.receive.depth.levels import is_more
from sparing.receive.knobs import read_knobs
from sparing.settings.policies import Reasoning
from sparing.settings.reasoners import Dial

_MESSAGES, _RESPONSES = "anthropic.messages", "openai.responses"
# DeepSeek speaks three formats, and in two of them it reads what their own makers' models read.
_SPOKEN: Final[dict[tuple[Dial, str], Dial]] = {("toggle", _MESSAGES): "adaptive", ("toggle", _RESPONSES): "effort"}
_NEVER: Final = frozenset({("reasoning", _MESSAGES), ("effort", _MESSAGES), ("template", _MESSAGES)})


def dial_in(dial: Dial, wire: str) -> Dial | None:
    """What a model's dial is called in a wire format; None where that has no such field."""
    return None if (dial, wire) in _NEVER else _SPOKEN.get((dial, wire), dial)


def set_reasoning(body: bytes, wire: str, dial: Dial, level: Reasoning, *, may_raise: bool = False) -> bytes:
    """The body with this much thought asked for, and no other difference; the very body where it asks for no more.

    Args:
        dial: How the model is told (`settings.reasoners`).
        may_raise: Whether it may come to be more than the body itself asks for.
    Raises:
        MalformedBody: It cannot be read.
    """
    asked = read_knobs(body).depth
    spoken = dial_in(dial, wire)
    if spoken is None or asked == level or (asked and not may_raise and is_more(level, asked)):
        return body
    form = Body(body)
    match spoken:
        case "budget":
            anthropic.set_budget(form, level, may_raise=may_raise)
        case "adaptive":
            anthropic.set_effort(form, level)
        case "level" | "tokens":
            gemini.set_thinking(form, level, spoken)
        case _:
            openai.set_effort(form, wire, spoken, level)
    return form.patched()
