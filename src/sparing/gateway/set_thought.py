"""How a tier's model is told how much to think: by the field that it reads, or in words where it reads none."""

from __future__ import annotations

from dataclasses import replace

from sparing.core.upstream import Call
from sparing.generate.tier import SetThought
from sparing.receive.depth.briefly import answer_briefly
from sparing.receive.depth.reasoning import dial_in, set_reasoning
from sparing.settings.reasoners import Reasoner, configured, reasoner_for
from sparing.settings.tree import TierSettings

BRIEF = "brief"
_OWN = ("reasoning", "template")  # of the servers that the rows name, and of nobody else


def reasoner_of(settings: TierSettings, model: str, seller: str, wire: str, *, has_tools: bool) -> Reasoner | None:
    """How a tier's model is told; None where it cannot be.

    Args:
        model: That is asked.
        seller: Who is paid, as the price table calls them; "" goes by the model's name.
    """
    if settings.depths:
        return configured(wire, settings.depths)
    found = reasoner_for(model, seller)
    if found is None or dial_in(found.dial, wire) is None or (not seller and found.dial in _OWN):
        return None
    return None if found.bare_chat and has_tools and wire == "openai.chat" else found


def thought_setter(settings: TierSettings, seller: str) -> SetThought:
    """Puts the thought that a call wants in its body.

    The same body comes back where it asks for no more already; None where the model cannot be told.
    """

    def set_thought(call: Call) -> Call | None:
        thought = call.thought
        if thought is None or call.headers.get("content-encoding", "identity") != "identity":
            return None
        reasoner = reasoner_of(settings, call.model, seller, call.wire, has_tools=b'"tools"' in call.body)
        if thought.level == BRIEF:
            body = answer_briefly(call.body, call.wire) if reasoner is None else call.body
            return replace(call, body=body) if body is not call.body else None
        level = next((one for one in reasoner.levels if one == thought.level), None) if reasoner is not None else None
        if reasoner is None or level is None:
            return None
        body = set_reasoning(call.body, call.wire, reasoner.dial, level, may_raise=thought.may_raise)
        return replace(call, body=body)

    return set_thought
