"""Conversations about a pasted document, a question a turn, and two ways of sending them that are worse than ours.

Made of the same reduction: *frozen* sends for ever what question 1 left of the document; *replanned* reduces the
document anew for all questions so far.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from sparing.evals.data import first_file
from sparing.evals.task import Draw
from sparing.evals.tasks import xquad
from sparing.evals.traffic.bodies import encode, read_logged
from sparing.evals.traffic.conversation import Conversation, Json
from sparing.evals.traffic.sender import Posted, Sender, sparing
from sparing.settings import PolicySettings

QUESTIONS = 6
ARTICLES = {"article": 1, "20 paragraphs": 4}
"""Kind of document -> articles in it."""
_MODEL = "gpt-4o"


@dataclass(frozen=True, slots=True)
class Asked:
    """One conversation about one document.

    Attributes:
        evidence: Of each turn's question.
    """

    document: str
    language: str
    conversation: Conversation
    evidence: tuple[str, ...]


def conversations(draw: Draw, language: str, kind: str) -> list[Asked]:
    """n conversations about documents of this kind; an article comes again when all others have had their turn."""
    path = first_file(xquad.SOURCE, draw.data_dir, (f"{language}.jsonl", f"xquad.{language}.json"))
    articles, queries = xquad.read(path)
    rng = random.Random(f"{draw.seed} {kind}")
    first = [sum(map(len, articles[:number])) for number in range(len(articles))]
    found: list[Asked] = []
    for group in islice(_groups(len(articles), ARTICLES[kind], rng), draw.n):
        places = [(first[number] + at, text) for number in group for at, text in enumerate(articles[number])]
        own = [query for query in queries if query.paragraph in dict(places)]
        chosen = rng.sample(own, min(QUESTIONS, len(own)))
        if len(chosen) > 1:
            found.append(_asked(kind, language, places, chosen))
    return found


def _groups(num_articles: int, size: int, rng: random.Random) -> Iterator[list[int]]:
    """Articles for one document after the other, without end."""
    while True:
        order = rng.sample(range(num_articles), num_articles)
        yield from (order[at : at + size] for at in range(0, max(1, num_articles - size + 1), size))


def _asked(kind: str, language: str, places: Sequence[tuple[int, str]], chosen: Sequence[xquad.Query]) -> Asked:
    texts = dict(places)
    messages: list[Json] = []
    for number, query in enumerate(chosen):
        document = "\n\n".join(texts.values()) + "\n\n" if number == 0 else ""
        messages.append({"role": "user", "content": document + query.question})
        messages.append({"role": "assistant", "content": query.answer})
    logged = read_logged({"messages": messages}, _MODEL)
    evidence = (xquad.evidence(texts[q.paragraph], q.start, q.answer, language) for q in chosen)
    conversation = Conversation(f"{language}-{chosen[0].id}", logged.wire, logged.turns)
    return Asked(kind, language, conversation, tuple(evidence))


def frozen(policy: PolicySettings) -> Sender:
    """The first message as it was sent with question 1."""
    return _rewriting("frozen", partial(_first_alone, sparing(policy)))


def replanned(policy: PolicySettings) -> Sender:
    """The document reduced for all questions so far together."""
    return _rewriting("replanned", partial(_for_all, sparing(policy)))


def _rewriting(name: str, first_message: Callable[[str, Sequence[Json]], str]) -> Sender:
    def send(wire: str, body: bytes) -> Posted:
        request = json.loads(body)
        request["messages"][0]["content"] = first_message(wire, request["messages"])
        return Posted(encode(request))

    return Sender(name, send)


def _first_alone(sender: Sender, wire: str, messages: Sequence[Json]) -> str:
    sent = sender.send(wire, encode({"model": _MODEL, "messages": messages[:1]}))
    return str(json.loads(sent.body)["messages"][0]["content"])


def _for_all(sender: Sender, wire: str, messages: Sequence[Json]) -> str:
    document, _, question = str(messages[0]["content"]).rpartition("\n\n")
    questions = " ".join([question, *(str(m["content"]) for m in messages[1:] if m["role"] == "user")])
    once = {"role": "user", "content": f"{document}\n\n{questions}"}
    return _first_alone(sender, wire, [once]).removesuffix(questions) + question
