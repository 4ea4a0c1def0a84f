"""What was done with a request: counts, hashes and reasons, never text."""

from __future__ import annotations

import msgspec

from sparing.core.upstream import Spent
from sparing.core.usage import CacheWrites


class SpanReceipt(msgspec.Struct, frozen=True):
    """What happened to one span.

    Attributes:
        judged_by: What weighed its units, and why nothing better did; "" where only one thing ever does.
    """

    label: str
    kind: str
    content: str
    reducer: str
    tokens_before: int
    tokens_after: int
    elided: int
    unit: str
    why: str
    sha256: str
    judged_by: str = ""
    expected_loss: float = -1.0


class Receipt(msgspec.Struct, frozen=True):
    """One request's account.

    Attributes:
        id: Sortable by time.
        tokens_before: Of the prompt as it came, wire overheads included.
        tokens_after: Of the prompt as Sparing would send it; in `audit` mode the original went out.
        exact: False where the counts are estimates (no public vocabulary).
        reason: Why nothing was reduced; "" when something was.
        step_ms: Milliseconds per verb.
        status: HTTP status of the answer; 0 when no answer was asked for.
        provider: Who is paid for the tokens; "" where the address does not tell.
        usage_input_tokens: As the provider reported it, all turns together; -1 if unknown. Likewise the other usage;
            see `core.usage.Usage`.
        resupplied_tokens: Of `tokens_after`, what was left out of an earlier turn and is sent again beside a question.
        rewritten_tokens: Of `tokens_after`, what stands behind a change of what earlier requests of the conversation
            sent, so that the provider's cache cannot know it.
        recalled_tokens: Given back to the model because it asked for what was left out.
        extra_turns: How often the model was asked again for that.
        expected_loss: The most that any of its texts is expected to have lost of what was needed of it, 0..1; -1 where
            something was left out of a text of a kind that is not calibrated.
        risk: What was asked for; 0 if nothing was.
        grown_tokens: By which a budget grew so that the risk holds.
        drifted: Content types whose scores no longer look like those that were calibrated.
        cache_marks: Breakpoints that were set for the provider's cache, because the caller had set none.
        tier: Who answered; "" where there are no tiers. `model` and `provider` are then the tier's.
        tries: Calls that were made for the answer.
        spent: What answers cost that were not passed on, beside the usage above: judged not good enough, or drawn or
            asked for to judge another.
        store: Where passages were fetched from; "" where nothing was. `tokens_after` does not count them,
            `retrieved_tokens` does: all that was put before the question. The passages stand in `spans`.
        claims: Sentences of the answer that were held to the passages; -1: none was. `unsupported`: those that no
            passage bears out.
        cache: ``hit``, ``similar`` or ``shared`` where the answer is one that was given before or to others, so that
            no tokens were spent on it; ``miss`` or ``none`` where it is not; "" without a cache of answers.
        policy: Name of the policy that the request came under; "" if none.
        tenant: Whose request it was, by name; "" where no tenants are configured.
        decided: What was decided of the tier, the effort, the depth and the answer, and which goals gave way; "" if
            nothing was.
        depth: How much whoever answered was told to think; "" as the request said.
        eased: What was made smaller because a limit was near, and which limit; "" if nothing was.
        stopped: That the answer was ended past the policy's ceiling, or because it was complete and why, and after how
            many tokens, as counted here; what the model would have gone on with nobody knows, beyond what it was
            allowed. "" if it came to its own end.
        overrun: What became of an answer that was longer than the policy's ceiling and was not ended there:
            ``tightened``, ``rewritten``, ``stopped``, ``left`` (`finish.tighten`), and why it was not tightened; "" if
            it was none.
        said_tokens: Of the answer as the model gave it, as counted here; `shown_tokens`: of what went out instead. 0
            where nothing was counted.
        full_answer: What the whole answer is kept under (`sparing recall`); "" if it is not.
    """

    id: str
    created_s: float
    wire: str
    model: str
    mode: str
    tokens_before: int
    tokens_after: int
    exact: bool
    reason: str
    spans: tuple[SpanReceipt, ...]
    step_ms: dict[str, float]
    status: int = 0
    usage_input_tokens: int = -1
    usage_output_tokens: int = -1
    usage_cache_read_tokens: int = -1
    usage_cache_writes: CacheWrites = ()
    usage_reasoning_tokens: int = -1
    total_ms: float = 0.0
    first_byte_ms: float = 0.0
    error: str = ""
    provider: str = ""
    resupplied_tokens: int = 0
    rewritten_tokens: int = 0
    recalled_tokens: int = 0
    extra_turns: int = 0
    cache_marks: int = 0
    tier: str = ""
    tries: int = 1
    spent: tuple[Spent, ...] = ()
    cache: str = ""
    policy: str = ""
    tenant: str = ""
    eased: str = ""
    decided: str = ""
    depth: str = ""
    expected_loss: float = -1.0
    risk: float = 0.0
    grown_tokens: int = 0
    drifted: tuple[str, ...] = ()
    store: str = ""
    retrieved_tokens: int = 0
    claims: int = -1
    unsupported: int = 0
    stopped: str = ""
    overrun: str = ""
    said_tokens: int = 0
    shown_tokens: int = 0
    full_answer: str = ""

    @property
    def kept(self) -> float:
        """Tokens after / tokens before, 0..1."""
        return self.tokens_after / self.tokens_before if self.tokens_before else 1.0

    @property
    def saved_tokens(self) -> int:
        return self.tokens_before - self.tokens_after
