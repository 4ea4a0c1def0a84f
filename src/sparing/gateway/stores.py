"""The stores that requests may name: who may, what was fetched for whom, and what earlier answers say of it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sparing.core.deadline import Deadline
from sparing.core.passage import Rights
from sparing.core.retrieval import Retrieval
from sparing.core.store import Embedder, Store
from sparing.errors import NotAllowed, RecordError, RetrievalUnavailable, SparingError
from sparing.finish.grounded.exceptions import with_exceptions
from sparing.plan.callers import Caller
from sparing.record.retrievals import RetrievalLog
from sparing.record.writer import RetrievalWriter
from sparing.retrieval import Retrieved, retrieve
from sparing.retrieve.embed.choose import embedder_for
from sparing.retrieve.feedback import HALF_LIFE_S, Use, boosts, goodness
from sparing.retrieve.store.where import open_store
from sparing.settings import PolicySettings, Settings
from sparing.settings.paths import retrievals_file
from sparing.settings.retrieval import StoreSettings

# Boosts change at the ends of these steps only: an agent asks its question again with every call of a tool, and the
# same passages keep the prefix that its provider cached.
_STEP_S = 600.0
_LEARNED_FROM_S = 4 * HALF_LIFE_S
_REMEMBERED = 256  # pairs of store and tenant
_THREADS = 4  # of their own: a store that hangs holds up other searches, no reduction

_ANYTHING, _WARMING_TOKENS = "What is this about?", 200
_log = logging.getLogger("sparing")

_File = tuple[int, int] | None


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
    """The stores of one gateway. `fetch`, `note` and `judge` are for threads; everything else does not block.

    Args:
        seen: Called with every line that is over.

    Attributes:
        writer: Takes the audit's lines; started and closed with the gateway. None writes none.
        pool: Where stores are searched.
        beside: Where what waits for no store is done: answers are checked, lines written.
    """

    def __init__(self, settings: Settings, seen: Callable[[Retrieval], None]) -> None:
        self._settings = settings
        self._seen = seen
        self._log_path = retrievals_file(settings.retrieval, os.environ)
        self._audit = settings.retrieval.audit
        keep_days = settings.retrieval.audit_days
        self.writer = RetrievalWriter(self._log_path, keep_days=keep_days) if self._audit != "off" else None
        self.pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sparing-search")
        self.beside = ThreadPoolExecutor(_THREADS, thread_name_prefix="sparing-check")
        self._lock = threading.Lock()
        self._opening = {name: threading.Lock() for name in settings.stores}
        self._opened: dict[str, tuple[_File, Store, Embedder | None]] = {}
        self._replaced: list[Store] = []
        self._boosts: dict[tuple[str, str], tuple[float, Mapping[str, float]]] = {}

    def warm(self) -> None:
        """Ask every store something, in the background: its files and models are loaded before anybody waits for them.

        A store that cannot be searched is named in the log, and requests that name it are told.
        """
        for name in self._settings.stores:
            self.pool.submit(self._warm, name)

    def _warm(self, name: str) -> None:
        try:
            store, embedder = self._store(name)
            retrieve(store, embedder, _ANYTHING, Rights(everything=True), budget_tokens=_WARMING_TOKENS)
        except SparingError as error:
            _log.warning("the store %s cannot be searched: %s", name, error)
        except Exception:
            _log.exception("the store %s cannot be searched", name)

    def named(self, name: str, caller: Caller | None) -> StoreSettings:
        """The settings of a store that this caller may ask.

        Raises:
            NotAllowed: It may not, or there is none; the answer does not tell which.
        """
        store = self._settings.stores.get(name)
        if store is None or not _is_for(store, caller):
            raise NotAllowed(
                f"there is no store {name[:100]!r} that this request may ask", hint="ask who runs the gateway"
            )
        return store

    def fetch(self, question: Question, deadline: Deadline) -> tuple[Retrieved, int]:
        """What is found and sent for a question, and how many passages of the store the caller may read.

        Nothing that was found is kept for the next time: who may read it may change at any moment.

        Raises:
            StoreError, SettingsError, SelectorMissing, UpstreamError: It cannot be searched.
        """
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
            deadline=deadline,
        )
        retrieved = with_exceptions(retrieved, store, question.rights, model=question.model)
        return retrieved, store.holdings(question.rights).passages

    def note(self, line: Retrieval) -> None:
        """Write a line of the audit before anything is sent, where that is required.

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
        self._seen(line)
        if self.writer is not None:
            self.writer.record(line)

    def judge(self, receipt: str, *, useful: bool, tenant: str | None) -> bool:
        """Note what a caller thinks of an answer. See `RetrievalLog.judge`."""
        if self.writer is None:
            return False
        self.writer.flush()
        with RetrievalLog(self._log_path) as log:
            return log.judge(receipt, useful=useful, tenant=tenant)

    def close(self) -> None:
        """Let running searches end, and close every store."""
        for pool in (self.pool, self.beside):
            pool.shutdown(wait=True, cancel_futures=True)
        for store in (*self._replaced, *(store for _, store, _ in self._opened.values())):
            store.close()
        self._replaced.clear()
        self._opened.clear()

    def _store(self, name: str) -> tuple[Store, Embedder | None]:
        where = self._settings.stores[name].where
        with self._opening[name]:  # one that takes long to open holds up no other
            file = _file_at(where)
            if name in self._opened and self._opened[name][0] != file:  # removed or made anew: no old row is sent
                self._replaced.append(self._opened.pop(name)[1])  # a search may still be reading it
            if name not in self._opened:
                store = open_store(where, key=self._settings.retrieval.store_key)
                try:
                    model = store.holdings(Rights(everything=True)).model
                    retrieval = self._settings.retrieval
                    embedder = embedder_for(retrieval.embedder, retrieval, model) if model else None
                except BaseException:
                    store.close()
                    raise
                self._opened[name] = (file, store, embedder)
            return self._opened[name][1:]

    def _boosts_of(self, store: str, tenant: str) -> Mapping[str, float]:
        """What one tenant's own answers say; another's have no part in it."""
        step_s = time.time() // _STEP_S * _STEP_S
        with self._lock:
            at_s, known = self._boosts.get((store, tenant), (0.0, {}))
        if at_s == step_s or self.writer is None or not self._log_path.is_file():
            return known
        try:
            with RetrievalLog(self._log_path) as log:
                shown = log.shown(store, tenant, step_s - _LEARNED_FROM_S, step_s)
        except RecordError:  # nothing is learned then, and the search goes on
            shown = []
        uses = (Use(one.digest, step_s - one.created_s, goodness(cited=one.cited, useful=one.useful)) for one in shown)
        found = boosts(uses)
        with self._lock:
            while len(self._boosts) >= _REMEMBERED:
                del self._boosts[next(iter(self._boosts))]
            self._boosts[store, tenant] = (step_s, found)
        return found


def _file_at(where: str) -> _File:
    """Which file stands at a path now; none at an address."""
    try:
        found = Path(where).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_for(store: StoreSettings, caller: Caller | None) -> bool:
    name = caller.name if caller is not None else ""
    return not store.tenants or any(name == one or name.startswith(f"{one}/") for one in store.tenants)
