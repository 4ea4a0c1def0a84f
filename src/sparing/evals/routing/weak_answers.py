"""What the embedded model answers to questions on a passage, greedily and drawn, and whether it is right.

The answers are written to a file as they come, so that a run of an hour can be read again in a second.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sparing.core.upstream import Call
from sparing.evals.data import first_file
from sparing.evals.retrieval.answering import best_f1
from sparing.evals.task import Draw
from sparing.evals.tasks import nq, xquad
from sparing.evals.tasks.nq import holds_answer
from sparing.generate.draft import read_draft
from sparing.generate.local import LocalUpstream
from sparing.settings.paths import models_folder
from sparing.settings.tree import LocalSettings

SETS = ("xquad", "nq")
RIGHT_F1 = 0.5  # of words with a gold answer
NUM_SAMPLES = 3
_MOST_TOKENS = 24
_TEMPERATURE = 0.7
_ASK = "{passage}\n\n{question}\nAnswer with a few words of the text above."


class Asked(msgspec.Struct, frozen=True):
    """A question, its passage and its gold answers; `group` is the article that the passage is from."""

    data: str
    group: str
    prompt: str
    answers: tuple[str, ...]


class WeakAnswer(msgspec.Struct, frozen=True):
    """What the model said.

    Attributes:
        logprobs: Of the greedy answer's tokens.
        samples: Further answers, drawn at a temperature of 0.7.
    """

    asked: Asked
    text: str
    ended: str
    logprobs: tuple[float, ...]
    samples: tuple[str, ...]

    @property
    def right(self) -> bool:
        """It holds a gold answer, or has most of its words with one in common."""
        return holds_answer(self.text, self.asked.answers) or best_f1(self.text, self.asked.answers) >= RIGHT_F1


def questions(draw: Draw, data: str) -> list[Asked]:
    """Of one set, drawn, in the order of their passages, so that one is read once for all its questions."""
    found = list(_xquad(draw) if data == "xquad" else _nq(draw))
    chosen = random.Random(draw.seed).sample(range(len(found)), min(draw.n, len(found)))
    return [found[at] for at in sorted(chosen)]


async def answers(asked: list[Asked], file: Path | None, most_s: float | None = None) -> AsyncIterator[WeakAnswer]:
    """The model's answers, one after the other.

    Args:
        file: JSON lines: answers that are in it are not asked for again, new ones are added.
        most_s: Seconds after which nothing more is asked for; what is known is given all the same.
    Raises:
        ModelMissing: The embedded model is not installed.
    """
    known = {one.asked: one for one in _read(file)} if file is not None and file.is_file() else {}
    started_s = time.monotonic()
    upstream = LocalUpstream(LocalSettings(context_tokens=2048, threads=1), models_folder(os.environ))
    try:
        for one in asked:
            if one not in known and most_s is not None and time.monotonic() - started_s > most_s:
                continue
            if one not in known:
                known[one] = await _answered(upstream, one)
                if file is not None:
                    with file.open("ab") as out:
                        out.write(msgspec.json.encode(known[one]) + b"\n")
            yield known[one]
    finally:
        await upstream.aclose()


def body_of(asked: Asked, **options: Any) -> bytes:
    """The question as a request."""
    message = {"role": "user", "content": asked.prompt}
    return msgspec.json.encode({"model": "small", "messages": [message], "max_tokens": _MOST_TOKENS, **options})


async def _answered(upstream: LocalUpstream, asked: Asked) -> WeakAnswer:
    async def say(**options: Any) -> bytes:
        body = body_of(asked, **options)
        answer = await upstream.send(Call("openai.chat", "POST", "/v1/chat/completions", {}, body))
        return b"".join([chunk async for chunk in answer.chunks()])

    greedy = read_draft("openai.chat", await say(logprobs=True, temperature=0))
    drawn = [await say(temperature=_TEMPERATURE, seed=number) for number in range(NUM_SAMPLES)]
    samples = tuple(read_draft("openai.chat", body).text for body in drawn)
    return WeakAnswer(asked, greedy.text, greedy.ended, tuple(greedy.logprobs), samples)


def _read(file: Path) -> Iterator[WeakAnswer]:
    decoder = msgspec.json.Decoder(WeakAnswer)
    for line in file.read_bytes().splitlines():
        yield decoder.decode(line)


def _xquad(draw: Draw) -> Iterator[Asked]:
    articles, queries = xquad.read(first_file(xquad.SOURCE, draw.data_dir, ("en.jsonl", "xquad.en.json")))
    paragraphs = [paragraph for article in articles for paragraph in article]
    for query in queries:
        if draw.takes("xquad", query.title):
            prompt = _ASK.format(passage=paragraphs[query.paragraph], question=query.question)
            yield Asked("xquad", query.title, prompt, (query.answer,))


def _nq(draw: Draw) -> Iterator[Asked]:
    for passage in nq.passages(draw.data_dir):
        if draw.takes("nq", passage.title) and holds_answer(passage.text, passage.answers):
            prompt = _ASK.format(passage=passage.text, question=f"{passage.question}?")
            yield Asked("nq", passage.title, prompt, passage.answers)
