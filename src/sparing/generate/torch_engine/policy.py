"""What one request's cache keeps: the settings, with the caller's headers on top."""

from __future__ import annotations

from collections.abc import Mapping

from sparing import inmodel as im
from sparing.errors import PolicyError, RequestError
from sparing.generate.torch_engine.names import OFF, READ_TWICE, score_names
from sparing.settings.tree import LocalSettings

POLICY, BUDGET = "x-sparing-kv-policy", "x-sparing-kv-budget"
_SPAN_TOKENS = 3  # a number is destroyed by losing one digit
_IN_CONTEXT = ("echo", READ_TWICE)  # scores that find whole numbers by themselves


def read_policy(headers: Mapping[str, str], settings: LocalSettings) -> im.Policy:
    """The policy of one request: ``x-sparing-kv-policy: off|SCORE`` and
    ``x-sparing-kv-budget: 2048|0.5|50%|50% of bytes|64MiB``.

    Raises:
        RequestError: A value is none of these.
    """
    score = headers.get(POLICY, settings.kv_policy).strip().lower()
    budget = headers.get(BUDGET, settings.kv_budget)
    if score == OFF:
        return im.FULL
    if score not in score_names():
        raise RequestError(f"{POLICY} is {score!r}", hint=f"it has to be one of {', '.join(score_names())}")
    try:
        spans = 1 if score in _IN_CONTEXT else _SPAN_TOKENS
        return im.Policy(score=score, budget=read_budget(budget), span_tokens=spans)
    except PolicyError as error:
        where = BUDGET if BUDGET in headers else "local.kv_budget"
        raise RequestError(f"{where} is {budget!r}: {error.message}", hint=error.hint) from error


def read_budget(text: str) -> im.Budget:
    """As `Budget.parse`; a number with a point and at most 1 is a share too.

    Raises:
        PolicyError: It is no budget.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    return im.Budget(fraction=number) if "." in text and 0 < number <= 1 else im.Budget.parse(text)


def kept_bytes(policy: im.Policy, prompt_tokens: int, token_bytes: int, exact_token_bytes: int) -> int:
    """Bytes of the cache after the prompt: exact, before anything runs.

    Raises:
        RequestError: The budget is in bytes and does not hold what is never dropped.
    """
    if policy is im.FULL or prompt_tokens <= policy.min_tokens:
        return prompt_tokens * token_bytes
    try:
        return policy.budget.needed_bytes(prompt_tokens, token_bytes, exact_token_bytes)
    except PolicyError as error:
        raise RequestError(f"{BUDGET}: {error.message}", hint=error.hint) from error
