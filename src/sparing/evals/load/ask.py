"""What one request of a load is, written so that the stub that answers it knows what to do."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass

_SENTENCE = "please compare the plan for the second quarter with what we said about travel and tell me what changed"
_WORDS = _SENTENCE.split()
_USER = re.compile(rb'"user":\s*"([^"]*)"')
_WORDS_PER_TURN = 50


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        tag: Whose it is: every event of its answer carries it.
        num_tokens: Events of the answer that carry text.
        first_s: From the request to the first event, at the stub.
        gap_s: Between events, on average; each is between half and one and a half of it.
        fault: See `faults`; "" for none.
        faulty_tries: So many of the first calls for this tag go wrong.
    """

    tag: int
    num_tokens: int
    first_s: float = 0.0
    gap_s: float = 0.0
    fault: str = ""
    faulty_tries: int = 0

    def written(self) -> str:
        """As `read_ask` reads it: the request's ``user``, which no gateway may change."""
        first_us, gap_us = round(self.first_s * 1e6), round(self.gap_s * 1e6)
        return f"{self.tag}/{self.num_tokens}/{first_us}/{gap_us}/{self.fault}/{self.faulty_tries}"


def read_ask(body: bytes) -> Ask | None:
    """The ask that a request carries; None if it carries none."""
    found = _USER.search(body)
    if found is None:
        return None
    tag, num, first_us, gap_us, fault, tries = found[1].decode().split("/")
    return Ask(int(tag), int(num), int(first_us) / 1e6, int(gap_us) / 1e6, fault, int(tries))


def chat(ask: Ask, *, turns: int = 2, extra_tokens: int = 0, model: str = "gpt-4o") -> bytes:
    """A streamed chat of some 100 to 400 tokens, told apart from every other by its tag.

    Args:
        turns: What the user said; each with an answer but the last.
        extra_tokens: About so much text is pasted before the newest question, in sentences of numbers that differ.
    """
    draw = random.Random(ask.tag)

    def words(num: int) -> str:
        return " ".join(draw.choices(_WORDS, k=num))

    roles = ("user", "assistant") * (turns - 1) + ("user",)
    messages = [{"role": "system", "content": _SENTENCE * 3}]
    messages += [{"role": role, "content": words(_WORDS_PER_TURN)} for role in roles]
    pasted = "".join(f"Item {draw.randrange(10**6)} was {words(9)}.\n" for _ in range(extra_tokens // 16))
    messages[-1]["content"] = f"{pasted}{messages[-1]['content']} ({ask.tag})"
    body = {"user": ask.written(), "model": model, "stream": True, "temperature": 0, "messages": messages}
    return json.dumps(body).encode()
