"""False claims: a true one with one thing changed, or put beside a passage that is not its own."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from sparing.evals.grounding.material import Fact

_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]{2,}")
_VERB = re.compile(r"\b(?:is|was|are|were|has|have|had|can|could|will|would|must|may)\b")
_NOT = re.compile(r"\b(?:is|was|are|were|has|have|had|can|could|will|would|must|may|did|do|does)( not)\b")

Mutation = Callable[[Fact, Sequence[Fact], random.Random], Fact | None]


def other_number(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """A number that is nowhere in the passage."""
    found = list(_NUMBER.finditer(fact.claim))
    if not found:
        return None
    match = rng.choice(found)
    for _ in range(20):
        made = "".join(rng.choice("123456789") if c.isdigit() else c for c in match[0])
        if made not in fact.passage and made != match[0]:
            return _with(fact, match, made)
    return None


def number_of_the_passage(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """Another number that the passage has, as long: what it says of something else."""
    found = list(_NUMBER.finditer(fact.claim))
    there = sorted({match[0] for match in _NUMBER.finditer(fact.passage)})
    pairs = [
        (match, other)
        for match in found
        for other in there
        if other not in fact.claim and len(other) == len(match[0]) and ("," in other) == ("," in match[0])
    ]
    return _with(fact, *rng.choice(pairs)) if pairs else None


def other_name(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """A name that is nowhere in the passage, from another one of the same article."""
    return _renamed(fact, [o.passage for o in facts if o.group == fact.group and o.passage != fact.passage], rng, False)


def name_of_the_passage(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """Another name that the passage has."""
    return _renamed(fact, [fact.passage], rng, True)


def denied(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """A negation more, or one less."""
    if match := _NOT.search(fact.claim):
        return _changed(fact, fact.claim[: match.start(1)] + fact.claim[match.end(1) :])
    if match := _VERB.search(fact.claim):
        return _changed(fact, f"{fact.claim[: match.end()]} not{fact.claim[match.end() :]}")
    return None


def near_passage(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """Another passage of the same article or report; None where there is none, or it says the same."""
    others = sorted({o.passage for o in facts if o.group == fact.group and o.passage != fact.passage})
    return _beside(fact, others, rng)


def far_passage(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """A passage of another article or report."""
    others = sorted({o.passage for o in rng.sample(facts, min(50, len(facts))) if o.group != fact.group})
    return _beside(fact, others, rng)


def answer_to_another(fact: Fact, facts: Sequence[Fact], rng: random.Random) -> Fact | None:
    """For a short answer: that to another question about the same passage."""
    others = [
        o.claim for o in facts if o.kind == "short" and o.passage == fact.passage and not _alike(o.claim, fact.claim)
    ]
    return _changed(fact, rng.choice(others)) if others and fact.kind == "short" else None


MUTATIONS: Mapping[str, Mutation] = {
    "number changed": other_number,
    "number of the same passage": number_of_the_passage,
    "name changed": other_name,
    "name of the same passage": name_of_the_passage,
    "negation": denied,
    "passage of the same article": near_passage,
    "passage of another": far_passage,
    "answer to another question": answer_to_another,
}


def _renamed(fact: Fact, passages: Sequence[str], rng: random.Random, own: bool) -> Fact | None:
    found = list(_NAME.finditer(fact.claim))
    names = sorted({m[0] for passage in passages for m in _NAME.finditer(passage)})
    names = [n for n in names if n not in fact.claim and n not in fact.question and (own or n not in fact.passage)]
    return _with(fact, rng.choice(found), rng.choice(names)) if found and names else None


def _beside(fact: Fact, passages: Sequence[str], rng: random.Random) -> Fact | None:
    passages = [passage for passage in passages if fact.claim not in passage]
    if not passages:
        return None
    return Fact(fact.kind, fact.question, fact.claim, rng.choice(passages), fact.group)


def _alike(one: str, other: str) -> bool:
    return one.lower() in other.lower() or other.lower() in one.lower()


def _with(fact: Fact, match: re.Match[str], other: str) -> Fact:
    return _changed(fact, fact.claim[: match.start()] + other + fact.claim[match.end() :])


def _changed(fact: Fact, claim: str) -> Fact:
    return Fact(fact.kind, fact.question, claim, fact.passage, fact.group)
