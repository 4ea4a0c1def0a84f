"""The stores that requests may name: who may, what was fetched for whom, and what earlier answers say of it."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from sparing.core.passage import Rights
from sparing.core.reducer import Deadline
from sparing.core.store import Embedder, Store
from sparing.errors import NotAllowed, RecordError, RetrievalUnavailable
from sparing.record.retrievals import Retrieval, RetrievalLog
from sparing.record.writer import RetrievalWriter
from sparing.retrieval import Retrieved, retrieve
from sparing.retrieve.embed.choose import embedder_for
from sparing.retrieve.feedback import HALF_LIFE_S, Use, boosts, goodness
from sparing.retrieve.store.where import open_store
from sparing.settings import PolicySettings, Settings
from sparing.settings.paths import retrievals_file
from sparing.settings.retrieval import StoreSettings

_BOOSTS_HOLD_S = 60.0
_LEARNED_FROM_S = 4 * HALF_LIFE_S
# An agent asks its question again with every call of a tool: the same passages keep the provider's cached prefix.
_REMEMBERED, _REMEMBERED_S = 256, 300.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a store, and all that the answer depends on."""

    store: str
    text: str
    tenant: str
    rights: Rights
    budget_tokens: int
    model: str
    policy: PolicySettings


class Stores:
    """The stores of one gateway. `fetch` is for threads; everything else does not block.

    Attributes:
        writer: Takes the audit's lines; started and closed with the gateway. None writes none.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log_path = retrievals_file(settings.retrieval, os.environ)
        self._audit = settings.retrieval.audit
        self.writer = RetrievalWriter(self._log_path) if self._audit != "off" else None
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[Store, Embedder | None]] = {}
        self._boosts: dict[tuple[str, str], tuple[float, Mapping[str, float]]] = {}
        self._known: OrderedDict[Question, tuple[float, Retrieved, int]] = OrderedDict()

    def named(self, name: str, tenant: str) -> StoreSettings:
        """The settings of a store that this tenant may ask.

        Raises:
            NotAllowed: It may not, or there is none; the answer does not tell which.
        """
        store = self._settings.stores.get(name)
        if store is None or (store.tenants and tenant not in store.tenants):
            raise NotAllowed(f"there is no store {name!r} that this request may ask", hint="ask who runs the gateway")
        return store

    def fetch(self, question: Question) -> tuple[Retrieved, int]:
        """What is found and sent for a question, and how many passages of the store the caller may read.

        Raises:
            StoreError, SettingsError, SelectorMissing, UpstreamError: It cannot be searched.
        """
        now_s = time.monotonic()
        with self._lock:
            known = self._known.get(question)
            if known is not None and now_s - known[0] < _REMEMBERED_S:
                self._known.move_to_end(question)
                return known[1], known[2]
        store, embedder = self._store(question.store)
        policy = question.policy
        retrieved = retrieve(
            store,
            embedder,
            question.text,
            question.rights,
            budget_tokens=question.budget_tokens,
            model=question.model,
            boosts=self._boosts_of(question.store, question.tenant) if policy.store_feedback else None,
            policy=policy,
            deadline=Deadline.after(policy.deadline_ms / 1000),
        )
        allowed = store.holdings(question.rights).passages
        with self._lock:
            self._known[question] = (now_s, retrieved, allowed)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return retrieved, allowed

    def note(self, line: Retrieval) -> None:
        """Write a line of the audit before anything is sent, where that is required; for threads.

        Raises:
            RetrievalUnavailable: It cannot be written.
        """
        if self._audit != "required":
            return
        try:
            with RetrievalLog(self._log_path) as log:
                log.add([line])
        except RecordError as error:
            raise RetrievalUnavailable("what is fetched has to be written down, and cannot be") from error

    def over(self, line: Retrieval) -> None:
        """Write a line with how it ended, a little later."""
        if self.writer is not None:
            self.writer.record(line)

    def judge(self, receipt: str, *, useful: bool, tenant: str | None) -> bool:
        """Note what a caller thinks of an answer; for threads. See `RetrievalLog.judge`."""
        if self.writer is not None:
            self.writer.flush()
        with RetrievalLog(self._log_path) as log:
            return log.judge(receipt, useful=useful, tenant=tenant)

    def close(self) -> None:
        """Close every store."""
        with self._lock:
            opened, self._opened = list(self._opened.values()), {}
        for store, _ in opened:
            store.close()

    def _store(self, name: str) -> tuple[Store, Embedder | None]:
        with self._lock:
            if name not in self._opened:
                where, key = self._settings.stores[name].where, self._settings.retrieval.store_key
                store = open_store(where, key=key)
                try:
                    model = store.holdings(Rights(everything=True)).model
                    retrieval = self._settings.retrieval
                    embedder = embedder_for(retrieval.embedder, retrieval) if model else None
                except BaseException:
                    store.close()
                    raise
                self._opened[name] = (store, embedder)
            return self._opened[name]

    def _boosts_of(self, store: str, tenant: str) -> Mapping[str, float]:
        """What one tenant's own answers say; another's have no part in it."""
        now_s = time.time()
        at_s, known = self._boosts.get((store, tenant), (0.0, {}))
        if now_s - at_s < _BOOSTS_HOLD_S or self.writer is None or not self._log_path.is_file():
            return known
        try:
            with RetrievalLog(self._log_path) as log:
                shown = log.shown(store, tenant, now_s - _LEARNED_FROM_S)
        except RecordError:  # nothing is learned then, and the search goes on
            shown = []
        uses = (Use(one.digest, now_s - one.created_s, goodness(cited=one.cited, useful=one.useful)) for one in shown)
        found = boosts(uses)
        self._boosts[store, tenant] = (now_s, found)
        return found
