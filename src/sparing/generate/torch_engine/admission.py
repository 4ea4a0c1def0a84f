"""Who may run: cache bytes against a limit, known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from sparing import inmodel as im
from sparing.errors import RequestError
from sparing.generate.torch_engine.policy import kept_bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What all requests share.

    Attributes:
        kv_bytes: Most bytes of keys and values of all running requests together, room to grow not counted.
        context_tokens: Most tokens of a prompt and its answer.
        token_bytes: What one token takes in the cache; `exact_token_bytes`: in the model's precision.
    """

    kv_bytes: int
    context_tokens: int
    token_bytes: int
    exact_token_bytes: int


@dataclass(frozen=True, slots=True)
class Need:
    """What one request takes at most. `bytes` is reached when the answer has all of `answer_tokens`."""

    answer_tokens: int
    bytes: int


def need(limits: Limits, policy: im.Policy, prompt_tokens: int, answer_tokens: int | None) -> Need:
    """What a request will take: what its policy keeps of the prompt, and its whole answer.

    Args:
        answer_tokens: The most that was asked for; None: up to the end of the context.
    Raises:
        RequestError: It can never run: too long, or too many bytes.
    """
    room = limits.context_tokens - prompt_tokens
    if room < (answer_tokens or 1):
        raise RequestError(
            f"a prompt of {prompt_tokens:,} tokens and an answer of {answer_tokens or 1:,} do not fit a context of "
            f"{limits.context_tokens:,}",
            hint="send less, or raise local.context_tokens",
        )
    answer = answer_tokens or room
    # The last token of an answer is never put into the cache.
    kept = kept_bytes(policy, prompt_tokens, limits.token_bytes, limits.exact_token_bytes)
    needed = kept + (answer - 1) * limits.token_bytes
    if needed > limits.kv_bytes:
        raise RequestError(
            f"a prompt of {prompt_tokens:,} tokens and an answer of {answer:,} take {needed:,} bytes of cache, and "
            f"{limits.kv_bytes:,} is the limit",
            hint="ask for a smaller answer (max_tokens), set x-sparing-kv-budget, or raise local.kv_bytes",
        )
    return Need(answer, needed)
