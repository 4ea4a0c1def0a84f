"""Kernels and surroundings as they are written in the text files beside this one.

A kernel: ``== name | host``, a line ``? question`` per way of asking (``? -``: nobody asks), then its text. In it
``[[...]]`` marks what has to survive, ``{{...}}`` digits that vary, ``@A`` a person's name, a line ``...`` a place
where other text stands, and ``!!`` a line that gives orders to the reader.

Surroundings: blocks parted by ``--``. In them ``{a|b}`` is a choice and every 9 stands for any digit from 1 to 9.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

from sparing.evals.edge_cases.nouns import Kernel

_HEAD = re.compile(r"^== ", re.M)
_PART = re.compile(r"^\.\.\.\n", re.M)
_BLOCK = re.compile(r"^--\n", re.M)


@lru_cache
def kernels() -> tuple[Kernel, ...]:
    """All kernels, by group in alphabetic order, within a group as written."""
    folder = files(__package__) / "kernels"
    found: list[Kernel] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        group = file.name.removesuffix(".txt")
        found += [_kernel(group, text) for text in _HEAD.split(file.read_text(encoding="utf-8"))[1:]]
    return tuple(found)


def _kernel(group: str, text: str) -> Kernel:
    head, _, body = text.partition("\n")
    name, _, host = head.partition(" | ")
    questions = []
    while body.startswith("? "):
        question, _, body = body.partition("\n")
        questions.append(question.removeprefix("? "))
    parts = tuple(part.strip("\n") for part in _PART.split(body))
    return Kernel(name, group, host, tuple(q for q in questions if q != "-"), parts)


@lru_cache
def surroundings(host: str) -> tuple[str, ...]:
    """The blocks that a kernel of this host is set among."""
    text = (files(__package__) / "surroundings" / f"{host}.txt").read_text(encoding="utf-8")
    return tuple(block.strip("\n") for block in _BLOCK.split(text))


@lru_cache
def held_out() -> frozenset[str]:
    """Names of half the kernels of each group, by the digest of their names: nobody chose which."""
    names: dict[str, list[str]] = {}
    for kernel in kernels():
        names.setdefault(kernel.group, []).append(kernel.name)
    return frozenset(name for group in names.values() for name in sorted(group, key=_digest)[: len(group) // 2])


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=8).digest()
