"""Long contexts with facts in them, in the manner of RULER (arXiv 2404.06654), made without a download.

The noise haystack repeats one sentence, as RULER's does: it flatters scorers that look for unlike keys. The prose
haystack repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sparing.inmodel.evals.prose import sentence

_NOISE = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
_WORDS = """apple anchor basket bridge candle carpet castle cherry cotton desert dragon engine falcon forest garden
guitar hammer harbor island jacket kettle ladder lemon magnet marble meadow mirror needle orange parrot pencil pepper
pillow planet pocket rabbit ribbon saddle silver spider temple ticket timber tunnel turtle velvet violin walnut window
winter"""
_KEYS = tuple(_WORDS.split())

Count = Callable[[str], int]
"""Tokens of a text."""


@dataclass(frozen=True, slots=True)
class Question:
    """`text` is asked after the context; the answer begins with `lead`, and is right if it goes on with `answers`."""

    text: str
    lead: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """A text that is compressed before anyone knows the questions."""

    task: str
    text: str
    questions: tuple[Question, ...]


def single(random: Random, tokens: int, count: Count, hay: str) -> Context:
    """One number hidden at a random depth; asked twice in different words."""
    return _needles(random, tokens, count, hay, f"single-{hay}", needles=1, asked=1)


def multi_key(random: Random, tokens: int, count: Count, hay: str) -> Context:
    """Four numbers under four keys; two of them are asked for."""
    return _needles(random, tokens, count, hay, f"multikey-{hay}", needles=4, asked=2)


def multi_value(random: Random, tokens: int, count: Count, hay: str) -> Context:
    """Three numbers under one key; all are asked for."""
    key = random.choice(_KEYS)
    values = [_number(random) for _ in range(3)]
    text = _filled(random, tokens, count, hay, [_needle(key, value) for value in values])
    question = Question(
        f"What are all the special magic numbers for {key} mentioned in the provided text?",
        f"The special magic numbers for {key} mentioned in the provided text are",
        tuple(values),
    )
    return Context(f"multivalue-{hay}", _numbers_intro(text), (question,))


def variable_tracking(random: Random, tokens: int, count: Count, hay: str) -> Context:
    """A chain of three assignments; which variables hold the first one's value?"""
    names = ["".join(random.choices("ABCDEFGHKLMNPRSTUVWXYZ", k=5)) for _ in range(3)]
    value = str(random.randint(10_000, 99_999))
    chain = [f"VAR {names[0]} = {value}."] + [
        f"VAR {new} = VAR {old}." for old, new in zip(names, names[1:], strict=False)
    ]
    text = _filled(random, tokens, count, hay, chain, in_order=True)
    question = Question(
        f"Find all variables that are assigned the value {value} in the text above.",
        f"The variables that are assigned the value {value} are:",
        tuple(names),
    )
    return Context(
        f"vt-{hay}", f"Memorize the chain of variable assignments hidden in the text.\n\n{text}\n", (question,)
    )


def common_words(random: Random, tokens: int, count: Count, hay: str) -> Context:
    """A numbered list of words in which three come often. `hay` is not used: the list is the haystack."""
    common = random.sample(_KEYS, 3)
    rare = [word for word in _KEYS if word not in common]
    words: list[str] = []
    while count(" ".join(f"{i}. {word}" for i, word in enumerate(words, 1))) < tokens - 20:
        words += [*common, *common, *random.sample(rare, 2)]
    random.shuffle(words)
    text = " ".join(f"{i}. {word}" for i, word in enumerate(words, 1))
    question = Question(
        "What are the 3 most common words in the list above?", "The 3 most common words are:", tuple(common)
    )
    return Context(
        "cwe", f"Below is a numbered list of words. Memorize the ones that appear most often.\n{text}\n", (question,)
    )


TASKS: dict[str, Callable[[Random, int, Count, str], Context]] = {
    "single": single,
    "multikey": multi_key,
    "multivalue": multi_value,
    "vt": variable_tracking,
    "cwe": common_words,
}


def _needles(random: Random, tokens: int, count: Count, hay: str, task: str, *, needles: int, asked: int) -> Context:
    keys = random.sample(_KEYS, needles)
    values = [_number(random) for _ in keys]
    text = _filled(random, tokens, count, hay, [_needle(key, value) for key, value in zip(keys, values, strict=True)])
    questions = []
    for key, value in list(zip(keys, values, strict=True))[:asked]:
        lead = f"The special magic number for {key} mentioned in the provided text is"
        questions.append(
            Question(f"What is the special magic number for {key} mentioned in the provided text?", lead, (value,))
        )
        questions.append(
            Question(f"Which number belongs to {key}?", f"The special magic number for {key} is:", (value,))
        )
    return Context(task, _numbers_intro(text), tuple(questions))


def _number(random: Random) -> str:
    return str(random.randint(1_000_000, 9_999_999))


def _needle(key: str, value: str) -> str:
    return f"One of the special magic numbers for {key} is: {value}."


def _numbers_intro(text: str) -> str:
    return f"Some special magic numbers are hidden within the following text. Memorize them.\n{text}\n"


def _filled(random: Random, tokens: int, count: Count, hay: str, facts: list[str], *, in_order: bool = False) -> str:
    """The facts at random places in about `tokens` tokens of hay."""
    each = count(" ".join(sentence(random) for _ in range(20))) / 20 if hay == "prose" else count(_NOISE)
    number = max(len(facts), round((tokens - count(" ".join(facts)) - 30) / each))
    lines = [sentence(random) if hay == "prose" else _NOISE for _ in range(number)]
    places = random.sample(range(number), len(facts))
    for place, fact in sorted(zip(sorted(places) if in_order else places, facts, strict=True), reverse=True):
        lines.insert(place, fact)
    return " ".join(lines) if hay == "prose" else "\n".join(lines)
