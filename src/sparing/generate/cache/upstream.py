"""The cache in front of an upstream."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from sparing.core.upstream import Answer, Call, Upstream
from sparing.errors import RecordError
from sparing.generate.cache.answers import EVENTS, Said, read_answer
from sparing.generate.cache.asked import Asked, read_asked
from sparing.generate.cache.entry import Entry
from sparing.generate.cache.flight import Flight
from sparing.generate.cache.pieces import KeptAnswer, ToldAnswer, kind_of, piece_ends
from sparing.generate.cache.rules import WISH_HEADER, Rules, read_wish
from sparing.generate.cache.semantic.similar import Found, Similar
from sparing.generate.cache.store import Store

log = logging.getLogger("sparing.cache")
_PLAIN = ("", "identity")


class Cached:
    """Gives answers again that were given to the same request of the same tenant. Implements `core.upstream.Upstream`.

    Each answer says in ``x-sparing-cache`` where it is from: ``hit`` (kept; its age in seconds in
    ``x-sparing-cache-age``), ``similar`` (kept, and given to a question that means the same), ``shared`` (of the same
    call that somebody else waited for), ``miss`` (asked for now) or ``none`` (not for a cache; why in
    ``x-sparing-cache-reason``). A store that fails costs hits, never an answer.

    Args:
        upstream: Who is asked; closed with this.
        store: Closed with this.
        similar: Finds answers to questions that mean the same; None gives those to the same request only.
        clock: Unix time.
    """

    def __init__(
        self,
        upstream: Upstream,
        store: Store,
        rules: Rules,
        *,
        similar: Similar | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.control_headers = frozenset((WISH_HEADER.encode(), *getattr(upstream, "control_headers", ())))
        self.told: Counter[str] = Counter()
        self._upstream = upstream
        self._store = store
        self._rules = rules
        self._similar = similar
        self._clock = clock
        self._flights: dict[bytes, Flight] = {}

    async def send(self, call: Call) -> Answer:
        """As `core.upstream.Upstream`.

        Raises:
            RequestError: The caller's ``x-sparing-cache`` is no wish.
        """
        wish = read_wish(call.headers, self._rules.mode)
        call = _without_wish(call)
        if wish == "off":
            return await self._passed(call, "off")
        asked = read_asked(call)
        reason = asked if isinstance(asked, str) else self._rules.objection(asked)
        if isinstance(asked, str) or reason:
            return await self._passed(call, reason)
        if asked.key not in self._flights and wish != "refresh":
            entry = await self._kept(asked.key, call.tenant)
            if entry is not None:
                return KeptAnswer(entry, self._tell("hit", entry))
        found = await self._found(asked) if wish != "exact" else None
        if found is not None and found.given and wish == "semantic":
            entry = await self._kept(found.given, call.tenant)
            if entry is not None:
                return KeptAnswer(entry, self._tell("similar", entry, found))
        return await self._flown(asked, call, found)

    async def aclose(self) -> None:
        await self._upstream.aclose()
        await self._store.aclose()

    async def _passed(self, call: Call, reason: str) -> Answer:
        told = {**self._tell("none"), f"{WISH_HEADER}-reason": reason}
        return ToldAnswer(await self._upstream.send(call), told)

    async def _found(self, asked: Asked) -> Found | None:
        similar = self._similar
        return await similar.find(asked) if similar is not None and similar.takes(asked) else None

    async def _kept(self, key: bytes, tenant: str) -> Entry | None:
        try:
            entry = await self._store.get(key)
        except RecordError as error:
            self._failed(error)
            return None
        if entry is None or not entry.is_for(key, tenant) or not entry.is_fresh(self._clock()):
            return None
        return entry

    async def _flown(self, asked: Asked, call: Call, found: Found | None) -> Answer:
        """The answer of the call that is under way for this request, or of one that is begun now."""
        flight = self._flights.get(asked.key)
        shared = flight is not None and flight.open
        if flight is None or not shared:
            flight = self._begun(asked, call, found)
        answer = await flight.join()
        if not shared:
            return ToldAnswer(answer, self._tell("miss"))
        return ToldAnswer(answer, self._tell("shared"), replace(answer.served, spent=()))  # whoever began it pays

    def _begun(self, asked: Asked, call: Call, found: Found | None) -> Flight:
        flight = Flight(
            partial(self._upstream.send, call),
            max_bytes=self._rules.max_answer_bytes,
            landed=partial(self._landed, asked, call, found),
            over=lambda: self._over(asked.key, flight),
        )
        self._flights[asked.key] = flight
        return flight

    def _over(self, key: bytes, flight: Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _landed(self, asked: Asked, call: Call, found: Found | None, flight: Flight) -> None:
        """Keep the answer, if it is one to keep, and learn from it."""
        kind, plain = kind_of(flight.headers), flight.headers.get("content-encoding", "") in _PLAIN
        if flight.status != 200 or not flight.whole or not plain:
            return
        body = b"".join(flight.chunks)
        said = read_answer(call.wire, kind, body)
        if said is None or not said.went_well:
            return
        if found is not None:
            await self._learn(found, call, said)
        if said.calls_tools and not self._rules.tool_calls:
            return
        now_s = self._clock()
        entry = Entry(
            key=asked.key,
            tenant=call.tenant,
            status=flight.status,
            content_type=flight.headers.get("content-type", EVENTS),
            body=body,
            ends=piece_ends(kind, flight.chunks),
            created_s=now_s,
            expires_s=now_s + self._rules.lifetime_s(asked),
        )
        try:
            await self._store.put(entry)
        except RecordError as error:
            self._failed(error)
            return
        if found is not None and self._similar is not None:
            self._similar.add(asked, found)

    async def _learn(self, found: Found, call: Call, said: Said) -> None:
        record = found.match.record if found.match is not None else None
        entry = await self._kept(record.key, call.tenant) if record is not None else None
        kept = read_answer(call.wire, kind_of({"content-type": entry.content_type}), entry.body) if entry else None
        if self._similar is not None:
            self._similar.learn(found, kept, said)

    def _tell(self, what: str, entry: Entry | None = None, found: Found | None = None) -> Mapping[str, str]:
        self.told[what] += 1
        told = {WISH_HEADER: what}
        if entry is not None:
            told[f"{WISH_HEADER}-age"] = str(max(0, int(self._clock() - entry.created_s)))
        if found is not None and found.match is not None:
            told[f"{WISH_HEADER}-similarity"] = f"{found.match.similarity:.4f}"
        return told

    def _failed(self, error: RecordError) -> None:
        self.told["failed"] += 1
        log.warning("answers cannot be kept: %s", error)


def _without_wish(call: Call) -> Call:
    if WISH_HEADER not in call.headers:
        return call
    return replace(call, headers={name: value for name, value in call.headers.items() if name != WISH_HEADER})
