"""Passages for one request: fetched by its newest question, put beside it, and what became of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from sparing.conversation.folded import place_of
from sparing.conversation.memory import MEMORY
from sparing.conversation.turns import cut_turns
from sparing.core.passage import Rights
from sparing.core.span import Edit, Prompt, Span
from sparing.core.upstream import Answer
from sparing.core.wire import Wire
from sparing.errors import RetrievalUnavailable, SparingError
from sparing.finish.citations import Checked, Checks
from sparing.finish.grounded.prompt import grounded_prompt
from sparing.gateway.checked import CheckedAnswer
from sparing.gateway.controls import Controls
from sparing.gateway.headers import CONTROL, Raw, get
from sparing.gateway.outgoing import Outgoing
from sparing.gateway.stores import Question, Stores
from sparing.plan.callers import Caller
from sparing.receipts import receipt_id
from sparing.record.retrievals import FetchedPassage, Retrieval
from sparing.retrieval import Retrieved

log = logging.getLogger("sparing.gateway")

_PATIENCE = 4  # as for a reduction: what cannot be interrupted ends here for the caller
_START = b"retrieving"
_LABELS = CONTROL + b"labels"


@dataclass(slots=True)
class Retrieving:
    """One request's passages.

    Attributes:
        told: What the answer's header says of it; "" before anything was fetched.
        line: For the audit; None before anything was fetched.
    """

    store: str
    stores: Stores
    wire: Wire
    controls: Controls
    caller: Caller | None
    rights: Rights
    told: str = ""
    line: Retrieval | None = None
    _retrieved: Retrieved | None = field(default=None)

    async def add(self, outgoing: Outgoing, pool: Executor) -> Outgoing:
        """The request with passages before the user's newest words.

        Raises:
            RetrievalUnavailable: The policy requires passages, or the audit's line, and there are none.
            MalformedBody: It cannot be read.
        """
        prompt = self.wire.parse(outgoing.original)
        asked = _newest_question(prompt)
        if asked is None:
            return self.without(outgoing, "the request asks nothing that can be edited")
        question = self._question(prompt, asked[1])
        started_s = time.perf_counter()
        try:
            async with asyncio.timeout(self.controls.policy.deadline_ms * _PATIENCE / 1000):
                loop = asyncio.get_running_loop()
                retrieved, allowed = await loop.run_in_executor(pool, self.stores.fetch, question)
        except TimeoutError:
            return self.without(outgoing, "it took too long")
        except SparingError as error:
            log.error("the store %s cannot be searched: %s", self.store, error)  # noqa: TRY400 - the words suffice
            return self.without(outgoing, "it cannot be searched")
        receipt = outgoing.receipt.id if outgoing.receipt is not None else receipt_id()
        self.line = self._line(receipt, retrieved, allowed, 1000 * (time.perf_counter() - started_s))
        await asyncio.get_running_loop().run_in_executor(pool, self.stores.note, self.line)
        if not retrieved.sources:
            return self.without(outgoing, retrieved.reason)
        self._retrieved = retrieved
        sent, fetched = len(retrieved.sources), len(retrieved.fetched)
        self.told = f"{sent} of {fetched} from {self.store}, {retrieved.tokens:,} tokens"
        original = _with_passages(self.wire, prompt, asked[0], retrieved)
        if outgoing.body is outgoing.original:
            return replace(outgoing, body=original, original=original)
        reduced = self.wire.parse(outgoing.body)
        place = _newest_question(reduced)
        body = _with_passages(self.wire, reduced, place[0], retrieved) if place is not None else original
        return replace(outgoing, body=body, original=original)

    @property
    def tokens(self) -> int:
        """Of the passages that are sent."""
        return self._retrieved.tokens if self._retrieved is not None else 0

    def checked(self, answer: Answer) -> Answer:
        """The answer, held to its passages where the policy has it so."""
        how = self.controls.policy.store_check
        if self._retrieved is None or how == "off" or answer.status != 200:
            return answer
        return CheckedAnswer(
            answer, self.wire.name, self._retrieved, Checks(unsupported=how, attach=False), self._ended
        )

    def over(self) -> None:
        """Write down how it ended."""
        if self.line is not None:
            self.stores.over(self.line)

    def _ended(self, checked: Checked) -> None:
        assert self._retrieved is not None
        assert self.line is not None
        cited = {citation.number for citation in checked.citations}
        numbers = {source.number: source.parts for source in self._retrieved.sources}
        digests = {part.digest for number in cited for part in numbers.get(number, ())}
        self.line = replace(
            self.line,
            claims=len(checked.claims),
            unsupported=len(checked.unsupported),
            passages=tuple(replace(p, cited=p.sent and p.digest in digests) for p in self.line.passages),
        )

    def without(self, outgoing: Outgoing, reason: str) -> Outgoing:
        """The request as it is, and why.

        Raises:
            RetrievalUnavailable: The policy requires passages.
        """
        if self.controls.policy.store_required:
            raise RetrievalUnavailable(f"nothing was fetched from the store {self.store!r}: {reason}")
        self.told = f"none from {self.store}: {reason}"
        return outgoing

    def _question(self, prompt: Prompt, text: str) -> Question:
        policy = self.controls.policy
        tenant = self.caller.tenant if self.caller is not None else ""
        budget = policy.store_tokens or self.stores.named(self.store, tenant).budget_tokens
        return Question(self.store, text, tenant, self.rights, budget, prompt.model, policy)

    def _line(self, receipt: str, retrieved: Retrieved, allowed: int, ms: float) -> Retrieval:
        return Retrieval(
            id=receipt,
            created_s=time.time(),
            who=self.caller.name if self.caller is not None else "",
            tenant=self.caller.tenant if self.caller is not None else "",
            store=self.store,
            labels=tuple(sorted(self.rights.labels)),
            allowed=allowed,
            passages=_fetched(retrieved),
            tokens=retrieved.tokens,
            ms=round(ms, 3),
            reason=retrieved.reason,
        )


def rights_of(caller: Caller | None, narrowed_to: Collection[str] | None) -> Rights:
    """What a caller may read: what its key holds, or what of that it asks for; nobody without a key holds anything.

    Args:
        narrowed_to: Labels that the caller names itself; its tenant stays, others that it does not hold are nothing.
    """
    held = caller.labels if caller is not None else frozenset[str]()
    if narrowed_to is None:
        return Rights(held)
    return Rights(frozenset(label for label in held if label.startswith("tenant:") or label in narrowed_to))


def labels_of(headers: Raw) -> frozenset[str] | None:
    """The labels that a caller wants to be held to, ``x-sparing-labels: group:legal, group:hr``; None: all its own."""
    if not any(name == _LABELS for name, _ in headers):
        return None
    return frozenset(label.strip() for label in get(headers, _LABELS).split(",") if label.strip())


def _newest_question(prompt: Prompt) -> tuple[Span, str] | None:
    """The user's newest words, wherever they stand, and the span that something can be put before."""
    turns, _ = cut_turns(prompt, (), _START, MEMORY)
    for turn in reversed(turns):
        place, text = place_of(turn), "\n".join(span.text for span in turn.asked).strip()
        if place is not None and text:
            return place, text
    return None


def _with_passages(wire: Wire, prompt: Prompt, place: Span, retrieved: Retrieved) -> bytes:
    asked = grounded_prompt(retrieved.question, retrieved)
    text = f"{asked.passages}\n\n{asked.instructions}\n\n"
    return wire.apply(prompt, [Edit(place, text + place.text)])


def _fetched(retrieved: Retrieved) -> tuple[FetchedPassage, ...]:
    """As they ranked; what was sent only because it stands beside one of them comes last."""
    parts = {part.id: part for source in retrieved.sources for part in source.parts}
    found = {hit.passage.id: hit.passage for hit in retrieved.fetched}
    beside = [part for name, part in parts.items() if name not in found]
    return tuple(
        FetchedPassage(one.source, one.place, one.digest, sent=one.id in parts) for one in (*found.values(), *beside)
    )
