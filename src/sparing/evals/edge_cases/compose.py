"""From a kernel to a case: other digits and names, other surroundings, another place, size and way of asking."""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import pairwise

from sparing.evals.edge_cases.nouns import Case, Kernel
from sparing.evals.edge_cases.read import held_out, kernels, surroundings
from sparing.evals.planted.words import FIRST
from sparing.evals.units import o200k, sentence_bounds

BUDGETS = (0.25, 0.10, 0.05)
UNASKED_BUDGET = 0.25
_RUN_ON = 0.8
_OTHERS = 3  # parts of other kernels in a text
_SLACK, _ROOM_TOKENS = 2.0, 24  # the budget is twice what has to survive, and a sentence more

_MUST = re.compile(r"\[\[(.+?)\]\]")
_DIGITS = re.compile(r"\{\{(.+?)\}\}")
_NAME = re.compile(r"@([A-C])\b")
_CHOICE = re.compile(r"\{([^{}\n]*)\}")
_ORDER = re.compile(r"^!! (.+)$", re.M)
_CLOSE = frozenset({"chat", "accounts"})  # hosts whose blocks are lines
_ONE_BLANK_LINE, _TWO_BLANK_LINES = "\n\n", "\n\n\n"


def compose(kernel: Kernel, variation: int, seed: int) -> Case:
    """The same arguments give the same case; variation 0, 1, 2 is a short text, a middling one with few
    paragraphs, and a long one."""
    rng = random.Random(f"{seed} {kernel.name} {variation}")
    vary = _Variation(rng)
    parts = [vary(part) for part in kernel.parts]
    questions = kernel.questions
    must = tuple(mark for part in parts for mark in _MUST.findall(part))
    orders = [order for part in parts for order in _ORDER.findall(part)]
    budget = BUDGETS[variation] if questions else UNASKED_BUDGET
    size = (_SLACK * sum(map(_needed_tokens, parts)) + _ROOM_TOKENS) / BUDGETS[variation]
    plain = [_plain(part) for part in parts]
    blocks = _blocks(kernel, size - sum(map(o200k().count, plain)), vary, rng)
    between = _between(kernel.host)
    run_on = _RUN_ON if variation == 1 and between == _ONE_BLANK_LINE else 0.0
    return Case(
        id=f"{kernel.name}-{variation}",
        group=kernel.group,
        text=_joined(_set_among(plain, blocks, rng), between, run_on, rng),
        question=_plain(vary(questions[variation % len(questions)])) if questions else "",
        must=must,
        injection=_plain(orders[0]) if orders else "",
        budget=budget,
        held_out=kernel.name in held_out(),
    )


class _Variation:
    """The same digits and names become the same others throughout a case, so what differs in one digit still does."""

    def __init__(self, rng: random.Random) -> None:
        # 0 to 3 stay: days remain days, hours remain hours.
        self._digits = str.maketrans("456789", "".join(rng.sample("456789", 6)))
        self._names = dict(zip("ABC", rng.sample(FIRST, 3), strict=True))

    def __call__(self, text: str) -> str:
        text = _DIGITS.sub(lambda match: match[1].translate(self._digits), text)
        return _NAME.sub(lambda match: self._names[match[1]], text)


def _plain(part: str) -> str:
    return _ORDER.sub(r"\1", _MUST.sub(r"\1", part))


def _needed_tokens(part: str) -> int:
    """Tokens of the sentences and lines that hold what has to survive."""
    cuts = sorted({0, len(part), *sentence_bounds(part)})
    units = [part[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    inside = False
    total = 0
    for unit in units:  # a mark may go on over the end of a sentence
        if inside or "[[" in unit:
            total += o200k().count(_MUST.sub(r"\1", unit))
            inside = unit.rfind("[[") > unit.rfind("]]") or (inside and "]]" not in unit)
    return total


def _blocks(kernel: Kernel, tokens: float, vary: _Variation, rng: random.Random) -> list[str]:
    """Blocks of the host worth about so many tokens, drawn anew each time, and a few parts of other kernels."""
    others = [_plain(vary(part)) for part in _others(kernel)]
    pool = rng.sample(others, min(_OTHERS, len(others)))
    blocks: list[str] = []
    while tokens > 0:
        if len(pool) <= _OTHERS:
            pool += [vary(_drawn(block, rng)) for block in surroundings(kernel.host)]
            rng.shuffle(pool)
        blocks.append(pool.pop())
        tokens -= o200k().count(blocks[-1]) + 1
    return blocks


@cache
def _others(kernel: Kernel) -> tuple[str, ...]:
    """Parts of other kernels of the same host and the same half: they look more alike than any surroundings."""
    held = kernel.name in held_out()
    return tuple(
        part
        for other in kernels()
        if other.host == kernel.host and (other.name in held_out()) == held and other.group != "injections"
        for part in other.parts
        if other.name != kernel.name
    )


def _drawn(block: str, rng: random.Random) -> str:
    block = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), block)
    return "".join(str(rng.randint(1, 9)) if char == "9" else char for char in block)


def _between(host: str) -> str:
    if host in _CLOSE:
        return "\n"
    return _TWO_BLANK_LINES if host == "python" else _ONE_BLANK_LINE


def _set_among(parts: list[str], blocks: list[str], rng: random.Random) -> list[str]:
    """The parts in their order among the blocks, each at a place of its own as long as there are places."""
    places = sorted(rng.sample(range(len(blocks) + 1), min(len(parts), len(blocks) + 1)))
    places += [len(blocks)] * (len(parts) - len(places))
    pieces = []
    for number in range(len(blocks) + 1):
        pieces += [part for place, part in zip(places, parts, strict=True) if place == number]
        pieces += blocks[number : number + 1]
    return pieces


def _joined(pieces: list[str], between: str, run_on: float, rng: random.Random) -> str:
    """One text; with the chance `run_on` a paragraph goes on in the same line, as writers in haste do."""
    text = pieces[0]
    for one, other in pairwise(pieces):
        is_line = "\n" not in one and "\n" not in other
        text += (" " if is_line and rng.random() < run_on else between) + other
    return text + "\n"
