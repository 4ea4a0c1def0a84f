"""An answer is given to a question that means the same: within the bound, and never where the questions differ."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from counting_upstream import CountingUpstream, ScriptedAnswer, call, chat_answer, chat_body, read

from sparing.core.upstream import Call
from sparing.generate.cache.entry import Entry
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Lexical
from sparing.generate.cache.semantic.evidence import Evidence
from sparing.generate.cache.semantic.index import Index
from sparing.generate.cache.semantic.similar import Similar
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached


class Open(Bound):
    """A bound that has been certified already, and stays so.

    Attributes:
        labels: Similarity and rightness of all that it was told, in order.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__(0.005)
        self.threshold = threshold
        self.audits = False
        self.labels: list[tuple[float, bool]] = []

    def is_audit(self) -> bool:
        return self.audits

    def learn(self, evidence: Evidence, *, right: bool) -> None:
        self.labels.append((evidence.similarity, right))


def answering() -> CountingUpstream:
    """Each question has an answer of its own, which does not depend on its wording beyond its telling words."""

    def make(one: Call, _number: int) -> ScriptedAnswer:
        words = sorted(set(re.findall(r"[a-z]{5,}", one.body.decode().split("content")[-1].lower())))
        return ScriptedAnswer([chat_answer(" ".join(words))])

    return CountingUpstream(make)


def semantic(bound: Bound | None = None, upstream: CountingUpstream | None = None) -> Cached:
    similar = Similar(Lexical(), bound or Open(), Index(100))
    store = MemoryStore(max_entries=100, max_bytes=1_000_000)
    return Cached(upstream or answering(), store, Rules(mode="semantic"), similar=similar)


async def told(cache: Cached, text: str, *, tenant: str = "one", wish: str = "", **body: object) -> str:
    headers = {"x_sparing_cache": wish} if wish else {}
    answer = await cache.send(call(chat_body(text, **body), tenant=tenant, **headers))
    await read(answer)
    return answer.headers["x-sparing-cache"]


ASKED = "How do I reset my account password?"


async def test_a_question_in_other_words_gets_the_answer() -> None:
    """With how alike they are."""
    upstream = answering()
    cache = semantic(upstream=upstream)
    first = await read(await cache.send(call(chat_body(ASKED))))
    answer = await cache.send(call(chat_body("how can i reset the password of my account")))
    assert answer.headers["x-sparing-cache"] == "similar"
    assert float(answer.headers["x-sparing-cache-similarity"]) > 0.5
    assert await read(answer) == first
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("How do I pay invoice 4711?", "How do I pay invoice 4712?"),
        ("Can I refund the order?", "Can't I refund the order?"),
        ("Does the plan include support?", "Does the plan not include support?"),
        ("When did Alice pay Bob the money?", "When did Bob pay Alice the money?"),
        ("Which trains go to Paris on Monday?", "Which trains go to Paris on Tuesday?"),
        ("quels trains vont à la gare le lundi ?", "quels trains vont à la gare le mardi ?"),
        ("Is a load of 5 kg allowed here?", "Is a load of 5 lb allowed here?"),
        ("Is a price of $ 5 allowed here?", "Is a price of € 5 allowed here?"),
        ("Wie ist die Lieferung nach Berlin und was kostet der Export?", "How is the Lieferung to Berlin and what kostet Export?"),
        ("退款 订单 需要 多久", "退款 订单 需要 地址"),
    ],
)  # fmt: skip
async def test_what_differs_in_what_counts_is_another_question(kept: str, asked: str) -> None:
    """Numbers, negations, who does what, days, units, language; words where a script has no capitals."""
    cache = semantic(Open(threshold=-0.9))
    assert await told(cache, kept) == "miss"
    assert await told(cache, asked) == "miss"
    assert await told(cache, kept) == "hit"


async def test_never_across_tenants_or_contexts() -> None:
    """Another key, system prompt, model, tool or history: another question."""
    cache = semantic(Open(threshold=-0.9))
    await told(cache, ASKED)
    again = ASKED.lower()
    system = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": again}]
    assert await told(cache, again, tenant="two") == "miss"
    assert await told(cache, again, model="n") == "miss"
    assert await told(cache, again, messages=system) == "miss"
    assert await told(cache, again, max_tokens=5) == "miss"
    assert await told(cache, again, stream=True) == "miss"
    assert await told(cache, again, wish="exact") == "miss"
    assert await told(cache, again.upper()) == "similar"


async def test_questions_about_now_and_documents_are_asked_anew() -> None:
    """A short word can make the difference; a long text is no question."""
    cache = semantic(Open(threshold=-0.9))
    for text in ("Which offers are there today?", "word " * 500):
        assert await told(cache, text) == "miss"
        assert await told(cache, text.upper()) == "miss"


async def test_nothing_is_given_before_the_bound_is_certified() -> None:
    """Cold, each lookup is an audit."""
    cache = semantic(Bound(0.005))
    assert [await told(cache, text) for text in (ASKED, ASKED.lower(), ASKED.upper())] == ["miss"] * 3


async def test_an_audit_learns_whether_the_kept_answer_would_have_done() -> None:
    """From what the model says now; a wrong one closes its entry up to that similarity, at once."""
    bound = Open()
    bound.audits = True
    upstream = CountingUpstream(
        lambda _call, number: ScriptedAnswer([chat_answer(["Yes.", "yes", "No.", "No."][number - 1])])
    )
    cache = semantic(bound, upstream)
    await told(cache, "Is the north gate open")
    await told(cache, "Is the north gate open?")
    assert bound.labels == [(pytest.approx(1.0), True)]
    await told(cache, "Is the NORTH gate open??")
    assert [right for _, right in bound.labels] == [True, False]
    bound.audits = False
    assert await told(cache, "is the north gate open?") in ("miss", "similar")


async def test_an_entry_that_was_wrong_is_not_given_at_that_similarity_again() -> None:
    """Others are."""
    bound = Open()
    cache = semantic(bound)
    await told(cache, ASKED)
    record = next(iter(next(iter(cache._similar._index._groups.values())).records.values()))  # type: ignore[union-attr]
    record.wrong_at = 1.0
    assert await told(cache, ASKED.lower()) == "miss"


async def test_a_poisoned_entry_is_no_similar_answer() -> None:
    """Where the store has another tenant's, or none any more, under the key: asked anew."""
    store = MemoryStore(max_entries=100, max_bytes=1_000_000)
    cache = Cached(answering(), store, Rules(mode="semantic"), similar=Similar(Lexical(), Open(), Index(100)))
    await told(cache, ASKED)
    (key,) = store._entries
    store._entries[key] = Entry(key, "two", 200, "application/json", b"poison", (6,), 1.0, 9e12)
    assert await told(cache, ASKED.lower()) == "miss"
    await store.purge()
    assert await told(cache, ASKED.upper()) == "miss"


async def test_live_traffic_stays_within_the_bound(tmp_path: Path) -> None:
    """1 % of pairs look the same and are not; after the cold start similar questions are hit, wrong ones hardly."""
    rng = random.Random(7)
    bound = Bound(0.01, file=tmp_path / "labels", embedder="x", rng=rng)
    hits = wrong = 0
    for _ in range(12_000):
        same = rng.random() < 0.5
        similarity = rng.uniform(0.9, 1.0) if same or rng.random() < 0.02 else rng.uniform(0.0, 0.89)
        if bound.is_audit():
            bound.learn(Evidence(similarity), right=same)
        elif bound.gives(Evidence(similarity)):
            hits += 1
            wrong += not same
    assert hits > 300
    assert wrong <= 0.01 * 12_000
    again = Bound(0.01, file=tmp_path / "labels", embedder="x")
    assert again.threshold < 1
    assert Bound(0.01, file=tmp_path / "labels", embedder="other").threshold > 1
