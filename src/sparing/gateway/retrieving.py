"""Passages for one request: fetched by its newest question, put beside it, and what became of them."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from functools import partial

from msgspec.structs import replace as replace_struct

from sparing.core.deadline import Deadline
from sparing.core.passage import Rights
from sparing.core.receipt import SpanReceipt
from sparing.core.retrieval import BROKEN, REFUSED, TOO_LATE, Retrieval
from sparing.core.upstream import Answer
from sparing.core.wire import Wire
from sparing.errors import NotAllowed, RequestError, RetrievalUnavailable, SparingError
from sparing.finish.citations import Checked, Checks
from sparing.finish.grounded.prompt import grounded_prompt
from sparing.gateway.checked import Again, CheckedAnswer
from sparing.gateway.controls import Controls
from sparing.gateway.headers import Raw
from sparing.gateway.outgoing import IN_LOOP_BYTES, PATIENCE, Outgoing
from sparing.gateway.rights import labels_of, rights_of
from sparing.gateway.stores import Question, Stores
from sparing.plan.callers import Caller
from sparing.receipts import receipt_id
from sparing.retrieval import Retrieved, Source
from sparing.retrieval.beside import Asked, asked_in, beside
from sparing.retrieval.line import cited_in, fetched_of
from sparing.tokens.models import counter_for

log = logging.getLogger("sparing.gateway")


@dataclass(slots=True)
class Retrieving:
    """One request's passages.

    Attributes:
        told: What the answer's header says of it; "" before anything was fetched.
        line: For the audit.
        tokens: Of all that is put before the question.
    """

    store: str
    stores: Stores
    wire: Wire
    controls: Controls
    caller: Caller | None
    rights: Rights
    line: Retrieval
    told: str = ""
    tokens: int = 0
    _asked: Asked | None = None
    _found: Retrieved | None = None
    _without: Outgoing | None = None
    _wider: float = 1.0
    _narrow: tuple[Retrieved | None, int, str, Retrieval] | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is sent."""
        return self._found.sources if self._found is not None else ()

    async def fetch(self, body: bytes, encoding: str) -> Controls:
        """Search for what a request asks; the controls with what the passages leave of a budget.

        Raises:
            RetrievalUnavailable: The policy requires passages, or the audit its line, and there are none.
            MalformedBody: It cannot be read.
        """
        if encoding not in ("", "identity"):
            self._none("the body is compressed")
        else:
            await self._fetch(body)
        controls = self.controls
        if controls.budget_tokens is None or not self.tokens:
            return controls
        return replace(controls, budget_tokens=max(1, controls.budget_tokens - self.tokens))

    async def put_beside(self, outgoing: Outgoing) -> Outgoing:
        """The request with the passages before the user's newest words."""
        self._without = outgoing
        if outgoing.receipt is not None:
            self.line = replace(self.line, id=outgoing.receipt.id)
        if self.sources:
            await self._noted()
            body = await self._with_passages(outgoing.body)
            same = outgoing.body is outgoing.original
            outgoing = replace_struct(
                outgoing, body=body, original=body if same else await self._with_passages(outgoing.original)
            )
        if outgoing.receipt is None:
            return outgoing
        receipt = replace_struct(
            outgoing.receipt,
            store=self.store,
            retrieved_tokens=self.tokens,
            spans=(*outgoing.receipt.spans, *map(_span, self.sources)),
            step_ms={**outgoing.receipt.step_ms, "retrieve": self.line.ms},
        )
        return replace_struct(outgoing, receipt=receipt)

    async def wider(self) -> Outgoing | None:
        """The request with more passages; None where there are no more, or none were to be had."""
        self._narrow = (self._found, self.tokens, self.told, self.line)
        texts = [source.text for source in self.sources]
        self._wider = self.controls.policy.store_wider
        try:
            assert self._without is not None
            await self._fetch(self._without.original)
            if self.sources and texts != [source.text for source in self.sources]:
                self.line = replace(self.line, wider=True)
                return await self.put_beside(self._without)
        except SparingError as error:
            log.warning("no wider answer: %s", error)
        self.narrow()
        return None

    def narrow(self) -> None:
        """Back to the passages before `wider`."""
        assert self._narrow is not None
        self._found, self.tokens, self.told, self.line = self._narrow

    def checked(self, answer: Answer, again: Again) -> Answer:
        """The answer, held to its passages where the policy has it so.

        Args:
            again: Asks once more, with more passages, where the policy has it so.
        """
        policy = self.controls.policy
        self.line = replace(self.line, reached=answer.status < 400 and bool(self.sources))
        if not self.sources or policy.store_check == "off" or answer.status != 200:
            return answer
        return CheckedAnswer(
            answer,
            self.wire.name,
            lambda: (self.sources, self._asked.question if self._asked is not None else ""),
            Checks(unsupported=policy.store_check),
            self._ended,
            self.stores.beside,
            again if policy.store_wider > 1 else None,
        )

    @property
    def checks(self) -> str:
        """What the answer's header says of it, once it was checked; "" before."""
        line = self.line
        return f"{line.unsupported} of {line.claims} unsupported" if line.claims >= 0 else ""

    def over(self) -> None:
        """Write down how it ended."""
        self.stores.over(self.line)

    def _ended(self, answers: list[Checked]) -> None:
        cited = {citation.number for one in answers for citation in one.citations}
        self.line = replace(
            self.line,
            claims=sum(len(one.claims) for one in answers),
            unsupported=sum(len(one.unsupported) for one in answers),
            passages=cited_in(self.line.passages, self.sources, cited),
        )

    async def _fetch(self, body: bytes) -> None:
        started_s = time.perf_counter()
        deadline = Deadline.after(self.controls.policy.deadline_ms / 1000)
        try:
            async with asyncio.timeout(self.controls.policy.deadline_ms * PATIENCE / 1000):
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self.stores.pool, self._search, body, deadline)
        except TimeoutError:
            return self._none(TOO_LATE)
        except RequestError:
            raise
        except Exception as error:
            # Whatever it is, its words (paths, addresses) are for the log.
            log.warning("the store %s cannot be searched: %s", self.store, error, exc_info=not _is_ours(error))
            return self._none(BROKEN)
        if found is None:
            return self._none("the request asks nothing that can be edited")
        self._asked, self._found, self.tokens, allowed = found
        self.line = replace(
            self.line,
            allowed=allowed,
            passages=fetched_of(self._found),
            tokens=self.tokens,
            ms=round(self.line.ms + 1000 * (time.perf_counter() - started_s), 3),
            reason=self._found.reason,
        )
        if not self.sources:
            await self._noted()
            return self._none(self._found.reason)
        self.told = f"{len(self.sources)} of {len(self._found.fetched)} from {self.store}, {self.tokens:,} tokens"
        return None

    def _search(self, body: bytes, deadline: Deadline) -> tuple[Asked, Retrieved, int, int] | None:
        prompt = self.wire.parse(body)
        asked = asked_in(prompt)
        if asked is None:
            return None
        controls, tenant = self.controls, self.caller.tenant if self.caller is not None else ""
        budget = controls.policy.store_tokens or self.stores.named(self.store, self.caller).budget_tokens
        budget = round(self._wider * budget)
        if controls.budget_tokens is not None:  # the conversation keeps the other half
            budget = max(1, min(budget, controls.budget_tokens // 2))
        question = Question(self.store, asked.question, tenant, self.rights, budget, prompt.model, controls.policy)
        retrieved, allowed = self.stores.fetch(question, deadline)
        tokens = counter_for(prompt.model).count(_text(retrieved)) if retrieved.sources else 0
        return asked, retrieved, tokens, allowed

    async def _noted(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self.stores.beside, self.stores.note, self.line)

    async def _with_passages(self, body: bytes) -> bytes:
        assert self._asked is not None
        assert self._found is not None
        put = partial(beside, body, self.wire, self._asked, _text(self._found))
        if len(body) < IN_LOOP_BYTES:
            return put()
        return await asyncio.get_running_loop().run_in_executor(self.stores.beside, put)

    def _none(self, reason: str) -> None:
        """There are none, and why.

        Raises:
            RetrievalUnavailable: The policy requires passages.
        """
        self._found, self.tokens = None, 0
        self.line = replace(self.line, reason=reason, tokens=0)
        self.told = f"none from {self.store}: {reason}"
        if self.controls.policy.store_required:
            raise RetrievalUnavailable(f"nothing was fetched from the store {self.store!r}: {reason}")


def retrieving(
    headers: Raw, wire: Wire, controls: Controls, caller: Caller | None, stores: Stores | None
) -> Retrieving:
    """Passages for a request that names a store, itself or by its policy.

    Raises:
        NotAllowed: The caller may not ask this store, there is none, or its labels are not trusted; written down.
    """
    name = controls.policy.store
    who, tenant = (caller.name, caller.tenant) if caller is not None else ("", "")
    line = Retrieval(receipt_id(), time.time(), who, tenant, name[:100], (), 0, (), 0, 0.0)
    if stores is None:
        raise NotAllowed(f"there is no store {name[:100]!r} that this request may ask", hint="ask who runs the gateway")
    try:
        stores.named(name, caller)
        rights = rights_of(caller, labels_of(headers))
    except NotAllowed:
        stores.over(replace(line, reason=REFUSED))
        raise
    line = replace(line, labels=tuple(sorted(rights.labels)))
    return Retrieving(name, stores, wire, controls, caller, rights, line)


def _text(retrieved: Retrieved) -> str:
    """What is put before the question."""
    asked = grounded_prompt(retrieved.question, retrieved)
    return f"{asked.passages}\n\n{asked.instructions}\n\n"


def _span(source: Source) -> SpanReceipt:
    """A passage in the receipt, beside the texts that came inline."""
    passage = source.passage
    return SpanReceipt(
        label=source.heading.partition("\n")[0],
        kind="passage",
        content=str(passage.content),
        reducer="",
        tokens_before=source.tokens,
        tokens_after=source.tokens,
        elided=sum(elision.num_units for elision in source.elided),
        unit="units",
        why=f"worth {source.worth:.2f}",
        sha256=passage.digest,
        judged_by=source.by,
    )


def _is_ours(error: Exception) -> bool:
    return isinstance(error, SparingError)
