"""What a request is told that a limit does not let through."""

from __future__ import annotations

import math

from sparing.errors import LimitTooSmall, QuotaExceeded
from sparing.plan.quota.store import NUSD, Refused


def refusal(refused: Refused) -> LimitTooSmall | QuotaExceeded:
    """The error for a reservation that was refused: ask again later, or never like this."""
    allowed = f"{refused.allowed / NUSD:g} USD" if refused.limit.startswith("money") else f"{refused.allowed:,}"
    if refused.wait_s is None:
        return LimitTooSmall(
            f"the request is larger than all of the limit: {refused.limit}, {allowed}",
            hint="send less, or ask for a shorter answer",
        )
    wait_s = math.ceil(refused.wait_s)
    message, hint = f"the limit is reached: {refused.limit}, {allowed}", f"ask again in {wait_s:,} s"
    return QuotaExceeded(message, hint=hint, limit=refused.limit, retry_after_s=wait_s)
