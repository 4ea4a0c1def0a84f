"""What was fetched from a store for one request: counts, digests and sources, never text."""

from __future__ import annotations

from dataclasses import dataclass

REFUSED, TOO_LATE, BROKEN = "refused", "it took too long", "it cannot be searched"  # reasons that nothing was sent
SEARCHED = "shown to who searched"


@dataclass(frozen=True, slots=True)
class FetchedPassage:
    """One passage of a retrieval.

    Attributes:
        digest: Of its text.
        sent: Whether the plan sent it.
        cited: Whether the answer rests on it, as far as it was checked.
    """

    source: str
    place: str
    digest: str
    sent: bool = False
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One audit line.

    Attributes:
        id: The request's receipt.
        who: Name of the caller, ``acme/web/alice``; never a key.
        labels: What it held; ``*``: everything.
        allowed: Passages of the store that it may read.
        passages: As they ranked, best first.
        tokens: Of what was sent.
        reason: Why nothing was sent; "" where something was.
        reached: Whether the model got to read what was sent: the upstream took the request.
        claims: Sentences of the answer that were checked; -1: none was. `unsupported`: those that no passage bears out.
        wider: Whether the model was asked once more with more of them, which then are these.
        useful: What the caller said of the answer; None: nothing.
    """

    id: str
    created_s: float
    who: str
    tenant: str
    store: str
    labels: tuple[str, ...]
    allowed: int
    passages: tuple[FetchedPassage, ...]
    tokens: int
    ms: float
    reason: str = ""
    reached: bool = False
    claims: int = -1
    unsupported: int = 0
    wider: bool = False
    useful: bool | None = None

    @property
    def outcome(self) -> str:
        """``sent``, ``none`` where nothing fitted the question, ``refused`` or ``failed``."""
        if self.reason == REFUSED:
            return "refused"
        return "failed" if self.reason in (TOO_LATE, BROKEN) else "none" if self.reason else "sent"
