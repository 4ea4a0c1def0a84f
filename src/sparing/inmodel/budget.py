"""How much of the KV cache one sequence may keep."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sparing.errors import PolicyError

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


@dataclass(frozen=True, slots=True)
class Budget:
    """What is kept of a sequence, in exactly one unit, and what is never dropped.

    Attributes:
        tokens: Kept tokens per layer and key/value head, on average.
        fraction: Kept tokens as a share of the tokens seen so far, 0 < fraction <= 1.
        byte_fraction: Kept bytes as a share of what all tokens seen so far would take in the model's precision. Stored
            in eight bits, half of a float32 model's bytes hold every token.
        bytes: Bytes of keys, values and columns in all layers together, for one sequence.
        sinks: First tokens that stay: attention sinks (StreamingLLM, arXiv 2309.17453).
        recent: Last tokens that stay.

    Raises:
        PolicyError: None or several units, or less than `sinks + recent`.
    """

    tokens: int | None = None
    fraction: float | None = None
    byte_fraction: float | None = None
    bytes: int | None = None
    sinks: int = 4
    recent: int = 32

    def __post_init__(self) -> None:
        units = (self.tokens, self.fraction, self.byte_fraction, self.bytes)
        if sum(unit is not None for unit in units) != 1:
            raise PolicyError("a budget has exactly one of tokens, fraction, byte_fraction and bytes")
        if self.sinks < 0 or self.recent < 1:
            raise PolicyError("a budget keeps at least 0 sinks and 1 recent token")
        for name, share in (("fraction", self.fraction), ("byte_fraction", self.byte_fraction)):
            if share is not None and not 0 < share <= 1:
                raise PolicyError(f"{name}={share} is not above 0 and at most 1")
        if self.tokens is not None:
            self._check_floor(self.tokens)

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read "2048" (tokens), "50%" (of the tokens), "50% of bytes" or "256MiB".

        Raises:
            PolicyError: It is none of these.
        """
        found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%(?:\s*of\s+bytes)?|[kmg]i?b)?\s*", text.lower())
        if found is None:
            raise PolicyError(
                f"{text!r} is no budget",
                hint='give tokens ("2048"), a share of them ("50%") or of bytes ("50% of bytes"), or bytes ("256MiB")',
            )
        number, unit = float(found[1]), found[2] or ""
        if unit.startswith("%"):
            return cls(fraction=number / 100) if unit == "%" else cls(byte_fraction=number / 100)
        return cls(bytes=int(number * _UNITS[unit])) if unit else cls(tokens=int(number))

    def kept_tokens(self, seen_tokens: int, token_bytes: int, exact_token_bytes: int | None = None) -> int:
        """Tokens to keep per layer and head, on average.

        Args:
            seen_tokens: Length of the sequence so far, dropped tokens included.
            token_bytes: What one token takes in all layers and heads together, as it is stored.
            exact_token_bytes: What it takes in the model's precision; None: it is stored so.
        Raises:
            PolicyError: The bytes do not hold the sinks and the recent tokens.
        """
        if self.fraction is not None:
            return max(round(self.fraction * seen_tokens), self.floor)
        if self.byte_fraction is not None:
            whole_bytes = seen_tokens * (exact_token_bytes or token_bytes)
            return max(int(self.byte_fraction * whole_bytes / token_bytes), self.floor)
        if self.tokens is not None:
            return self.tokens
        tokens = (self.bytes or 0) // token_bytes
        self._check_floor(tokens)
        return tokens

    def needed_bytes(self, prompt_tokens: int, token_bytes: int, exact_token_bytes: int | None = None) -> int:
        """Bytes of the cache after a prompt: exact, before anything runs. Arguments as in `kept_tokens`."""
        return min(prompt_tokens, self.kept_tokens(prompt_tokens, token_bytes, exact_token_bytes)) * token_bytes

    @property
    def floor(self) -> int:
        """Tokens that are kept whatever the scores say."""
        return self.sinks + self.recent

    def _check_floor(self, tokens: int) -> None:
        if tokens < self.floor:
            raise PolicyError(
                f"a budget of {tokens} tokens is below its {self.sinks} sinks and {self.recent} recent tokens",
                hint="raise the budget, or lower sinks or recent",
            )
