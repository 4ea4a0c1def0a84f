"""An answer held to the passages that it was given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

from sparing.core.upstream import Answer
from sparing.finish.answer_texts import answer_texts, with_texts
from sparing.finish.citations import Checked, Checks, check_citations
from sparing.finish.grounded.refuse import refusal
from sparing.gateway.relay import EVENTS, JSON, kind_of
from sparing.generate.cache.answers import read_answer
from sparing.generate.passing import Rewritten
from sparing.retrieval import Source

_MOST_BYTES = 1 << 20  # of an answer that is read; a longer one is passed on as it is

Given = Callable[[], tuple[Sequence[Source], str]]


class Again(Protocol):
    """A second try; see `wider.Wider`."""

    async def ask(self) -> Answer | None: ...

    def taken(self, first: bytes) -> None: ...

    def left(self) -> None: ...


class CheckedAnswer(Rewritten):
    """Passes an answer on; one that is no stream with its unsupported sentences marked, or taken out: of its JSON these
    strings change, and no other byte.

    A stream is passed on as it comes, and checked at its end.

    Args:
        given: The passages that the answer was given, and the question.
        ended: Called with what was found, a result for each text of the answer, before the last byte is passed on.
        pool: Where it is checked.
        again: Asks once more where nothing of a whole answer is borne out; None does not.
    """

    def __init__(
        self,
        answer: Answer,
        wire: str,
        given: Given,
        checks: Checks,
        ended: Callable[[list[Checked]], None],
        pool: Executor,
        again: Again | None = None,
    ) -> None:
        super().__init__(answer)
        self._wire, self._given, self._checks, self._ended, self._pool = wire, given, checks, ended, pool
        self._again = again
        self._kind = kind_of(answer)

    @property
    def headers(self) -> Mapping[str, str]:
        return super().headers if self._kind == JSON else self._answer.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        size, held = 0, self._kind == JSON
        async for chunk in super().chunks():
            size += len(chunk)
            parts.append(chunk)
            if held and (size > _MOST_BYTES or parts[0].lstrip()[:1] == b"["):  # Gemini's other way to stream
                held = False
                yield b"".join(parts)
            elif not held:
                yield chunk
            if size > _MOST_BYTES:
                parts = []
        body = b"".join(parts)
        if held:
            yield await self._whole(body)
        elif size <= _MOST_BYTES:
            await self._in_pool(partial(self._streamed, body))

    async def _whole(self, body: bytes) -> bytes:
        shown, checked = await self._in_pool(partial(self._check, body))
        if self._again is not None and checked and not any(one.grounded for one in checked):
            better = await self._asked_again(self._again)
            if better is None:
                self._again.left()
                self._ended(checked)
                return shown
            self._again.taken(body)
            return better
        return shown

    async def _asked_again(self, again: Again) -> bytes | None:
        """What the model says to more passages, checked; None where that is no answer."""
        answer = await again.ask()
        if answer is None:
            return None
        try:
            if answer.status != 200 or kind_of(answer) != JSON:
                return None
            body = b"".join([chunk async for chunk in answer.chunks()])
        finally:
            await answer.aclose()
        shown, checked = await self._in_pool(partial(self._check, body))
        return shown if checked else None

    async def _in_pool(self, work: Callable[[], tuple[bytes, list[Checked]]]) -> tuple[bytes, list[Checked]]:
        shown, checked = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        if checked:
            self._ended(checked)
        return shown, checked

    def _check(self, body: bytes) -> tuple[bytes, list[Checked]]:
        """A whole answer as it is to be shown; as it came where it is an error, or calls a tool."""
        said = read_answer(self._wire, JSON, body)
        if said is None or said.wrong:
            return body, []
        checked = {text: self._held(text) for text in answer_texts(body, self._wire)}
        return with_texts(body, self._wire, lambda text: self._shown(checked[text])), list(checked.values())

    def _streamed(self, body: bytes) -> tuple[bytes, list[Checked]]:
        said = read_answer(self._wire, self._kind, body) if self._kind in (EVENTS, JSON) else None
        return body, [self._held(said.text)] if said is not None and not said.wrong and said.text.strip() else []

    def _shown(self, checked: Checked) -> str:
        """An answer of which nothing would be left is a refusal, which says what was looked at."""
        if self._checks.unsupported == "remove" and checked.claims and not checked.grounded:
            return refusal(self._given()[0])
        return checked.answer

    def _held(self, text: str) -> Checked:
        sources, question = self._given()
        return check_citations(text, sources, question=question, checks=self._checks)
