"""`sparing ask` to a store: fetch passages, have them answered, hold the answer to them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sparing.cli.asking import Asking, asking
from sparing.cli.audit_line import Audit
from sparing.cli.chat import Reply
from sparing.cli.grounded_output import Told, print_told, told_dict
from sparing.cli.output import note, write_json
from sparing.cli.progress import busy
from sparing.errors import ModelMissing

if TYPE_CHECKING:
    from sparing.core.passage import Rights
    from sparing.core.store import Embedder, Store
    from sparing.finish.grounded.prompt import GroundedPrompt
    from sparing.retrieval import Retrieved
    from sparing.settings import PolicySettings, Settings

_EXTRACT_BUDGET_TOKENS = 1_500
_PATIENCE_MS = 4_000  # for the encoder to read what was found: who waits for a model waits for that


@dataclass(frozen=True, slots=True)
class AskStore:
    """One question to a store.

    Attributes:
        where: The store; None for the one of the settings.
        labels: Who asks; nobody in particular is the owner.
        budget: Most tokens of passages; None: what whoever answers reads well.
        check: Whether the answer is held to the passages.
    """

    settings: Settings
    question: str
    where: str | None
    labels: tuple[str, ...]
    model: str | None
    max_tokens: int | None
    budget: int | None
    check: bool

    async def run(self, *, extract: bool, as_json: bool) -> None:
        """Answer by a model, or by the passages' own sentences: on request, and where no model is installed."""
        from sparing.cli.stores import opened, rights_of

        with opened(self.where, self.settings.retrieval) as (store, embedder):
            rights, retrieval = rights_of(self.labels), self.settings.retrieval
            audit = Audit(retrieval, self.where or retrieval.store, store, rights)
            reader = Reader(store, embedder, self.question, rights, self.settings.policy, audit)
            told = self._extracted(reader) if extract else await self._answered(reader, echo=not as_json)
            audit.over(told.grounded, reached=bool(told.replies))
        if as_json:
            write_json(told_dict(told))
        else:
            print_told(told)

    async def _answered(self, reader: Reader, *, echo: bool) -> Told:
        try:
            async with asking(self.settings, self.model, self.max_tokens) as who:
                return await self._by_model(reader, who, echo=echo and not self.check)
        except ModelMissing as error:
            note(f"{error.message}: these are the passages' own sentences")
            return self._extracted(reader)

    async def _by_model(self, reader: Reader, who: Asking, *, echo: bool) -> Told:
        from sparing.finish.citations import Checks
        from sparing.finish.grounded.answer import SMALL_BUDGET_TOKENS, WIDER, Grounding, grounded_answer
        from sparing.finish.grounded.extract import or_extracted

        replies: list[Reply] = []

        async def ask(prompt: GroundedPrompt) -> str:
            replies.append(await who.reply(who.body(prompt.messages), echo=echo))
            return replies[-1].text

        async def fetch(budget_tokens: int) -> Retrieved:
            return reader.read(budget_tokens, who.model)

        start_s = time.monotonic()
        grounding = Grounding(
            budget_tokens=self.budget or (SMALL_BUDGET_TOKENS if who.small else who.budget_tokens),
            wider=1.0 if self.budget or who.local else WIDER,
            small=who.small,
            check=self.check,
            checks=Checks("remove" if who.small else "mark"),
        )
        grounded = await grounded_answer(self.question, fetch, ask, grounding)
        if who.small and grounded.abstained:
            instead = or_extracted(self.question, grounded)
            if instead is not grounded:
                note("nothing that the model said is borne out: these are the passages' own sentences")
                grounded = instead
        return Told(grounded, who.model, who.where, tuple(replies), time.monotonic() - start_s, shown=echo)

    def _extracted(self, reader: Reader) -> Told:
        from sparing.finish.grounded.extract import extracted

        start_s = time.monotonic()
        retrieved = reader.read(self.budget or _EXTRACT_BUDGET_TOKENS, self.model or self.settings.local.model)
        answer = extracted(self.question, retrieved)
        return Told(answer, "", "the passages' own sentences", (), time.monotonic() - start_s)


@dataclass(frozen=True, slots=True)
class Reader:
    """A store, asked one question by somebody."""

    store: Store
    embedder: Embedder | None
    question: str
    rights: Rights
    policy: PolicySettings
    audit: Audit

    def read(self, budget_tokens: int, model: str) -> Retrieved:
        """Passages within a budget."""
        from sparing.finish.grounded.exceptions import with_exceptions
        from sparing.retrieval import retrieve

        with busy("searching"):
            found = retrieve(
                self.store,
                self.embedder,
                self.question,
                self.rights,
                budget_tokens=budget_tokens,
                model=model,
                policy=replace(self.policy, select="auto", deadline_ms=_PATIENCE_MS),
            )
            found = with_exceptions(found, self.store, self.rights, model=model)
        self.audit.fetched(found)
        return found
