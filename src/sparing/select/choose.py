"""From a policy to a selector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.deadline import Deadline
from sparing.core.selector import Judged, Sections, Selector
from sparing.select import costs
from sparing.select.installed import Installed, installed
from sparing.settings.policy import Select


@dataclass(frozen=True, slots=True)
class RulesOnly:
    """Leaves it to the rules, and says why. Implements `core.selector.Selector`."""

    why: str

    def judge(self, text: str, sections: Sections, question: str, rules: Sequence[float], deadline: Deadline) -> Judged:
        """See the protocol."""
        return Judged(rules, f"rules ({self.why})")


def selector_for(
    select: Select,
    deadline_ms: float,
    share: float = 1.0,
    here: Installed | None = None,
    *,
    at_risk: bool = False,
) -> Selector:
    """The selector for one text.

    Args:
        select: The policy's.
        deadline_ms: The policy's.
        share: The text's share, 0..1, of the tokens that are to be judged within the deadline.
        here: What is installed; None: what is in this process.
        at_risk: Whether a risk is asked for. The rules learned from none of the data, so they are calibrated on all of
            it: they promise the smallest risks, in every language. The larger tiers are for budgets that the rules
            cannot keep (`larger`).
    """
    if select == "rules":
        return RulesOnly("the policy")
    if at_risk and select != "encoder":
        return RulesOnly("a risk is asked for")
    here = here or installed()
    if "static" in here.missing and (select == "static" or "encoder" in here.missing):
        return RulesOnly(here.missing["static"])
    from sparing.select.selector import Learned  # numpy

    allowed_ms = costs.WHATEVER_MS if select == "encoder" else costs.allowed_ms(deadline_ms, share)
    return Learned(here, "static" if select == "static" else "encoder", allowed_ms)


def larger(select: Select) -> Select:
    """Who judges where a risk is asked for and the rules cannot keep it within the budget; nobody else if the policy
    names one."""
    return "auto" if select == "static" else select


def identity(select: Select) -> str:
    """Equal where texts are judged alike: part of what a conversation's turns are remembered by."""
    return "rules" if select == "rules" else installed().identity
