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
        bytes: Bytes of keys, values and columns in all layers together, for one sequence.
        sinks: First tokens that stay: attention sinks (StreamingLLM, arXiv 2309.17453).
        recent: Last tokens that stay.

    Raises:
        PolicyError: None or several units, or less than `sinks + recent`.
    """

    tokens: int | None = None
    fraction: float | None = None
    bytes: int | None = None
    sinks: int = 4
    recent: int = 32

    def __post_init__(self) -> None:
        given = [unit for unit in (self.tokens, self.fraction, self.bytes) if unit is not None]
        if len(given) != 1:
            raise PolicyError("a budget has exactly one of tokens, fraction and bytes")
        if self.sinks < 0 or self.recent < 1:
            raise PolicyError("a budget keeps at least 0 sinks and 1 recent token")
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise PolicyError(f"fraction={self.fraction} is not above 0 and at most 1")
        if self.tokens is not None:
            self._check_floor(self.tokens)

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read "2048" (tokens), "50%" or "256MiB".

        Raises:
            PolicyError: It is none of these.
        """
        found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%|[kmg]i?b)?\s*", text.lower())
        if found is None:
            raise PolicyError(
                f"{text!r} is no budget", hint='give tokens ("2048"), a share ("50%") or bytes ("256MiB")'
            )
        number, unit = float(found[1]), found[2] or ""
        if unit == "%":
            return cls(fraction=number / 100)
        return cls(bytes=int(number * _UNITS[unit])) if unit else cls(tokens=int(number))

    def kept_tokens(self, seen_tokens: int, token_bytes: int) -> int:
        """Tokens to keep per layer and head, on average.

        Args:
            seen_tokens: Length of the sequence so far, dropped tokens included.
            token_bytes: What one token takes in all layers and heads together.
        Raises:
            PolicyError: The bytes do not hold the sinks and the recent tokens.
        """
        if self.fraction is not None:
            return max(round(self.fraction * seen_tokens), self.floor)
        if self.tokens is not None:
            return self.tokens
        tokens = (self.bytes or 0) // token_bytes
        self._check_floor(tokens)
        return tokens

    def needed_bytes(self, prompt_tokens: int, token_bytes: int) -> int:
        """Bytes of the cache after a prompt: exact, before anything runs. Arguments as in `kept_tokens`."""
        return min(prompt_tokens, self.kept_tokens(prompt_tokens, token_bytes)) * token_bytes

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
