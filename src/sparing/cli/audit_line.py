"""The audit line of `sparing ask` and `sparing search`: who asked which store, what they may read, what was found."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sparing.cli.output import note
from sparing.core.retrieval import SEARCHED, FetchedPassage, Retrieval
from sparing.errors import RecordError

if TYPE_CHECKING:
    from sparing.core.passage import Rights
    from sparing.core.store import Store
    from sparing.finish.grounded.answer import Grounded
    from sparing.retrieval import Retrieved
    from sparing.retrieve.search import Hit
    from sparing.settings.retrieval import RetrievalSettings


class Audit:
    """One question's line, written as `settings.audit` has it: not at all, afterwards, or before anybody reads.

    Args:
        where: The store, as it was named.
    """

    def __init__(self, settings: RetrievalSettings, where: str, store: Store, rights: Rights) -> None:
        from sparing.receipts import receipt_id

        self._settings = settings
        self._start_s = time.monotonic()
        labels = ("*",) if rights.everything else tuple(sorted(rights.labels))
        allowed = store.holdings(rights).passages
        self._line = Retrieval(receipt_id(), time.time(), _user(), "", where, labels, allowed, (), 0, 0.0)

    def fetched(self, retrieved: Retrieved) -> None:
        """What was found, before anybody reads it.

        Raises:
            RecordError: It has to be written down, and cannot be.
        """
        from sparing.retrieval.line import fetched_of

        ms = round(1000 * (time.monotonic() - self._start_s), 3)
        passages = fetched_of(retrieved)
        self._line = replace(
            self._line, passages=passages, tokens=retrieved.tokens, ms=ms, reason=retrieved.reason, reached=False
        )
        if self._settings.audit == "required":
            self._write()

    def searched(self, hits: Sequence[Hit]) -> None:
        """What was found, before it is shown; no model is asked.

        Raises:
            RecordError: It has to be written down, and cannot be.
        """
        passages = tuple(FetchedPassage(hit.passage.source, hit.passage.place, hit.passage.digest) for hit in hits)
        ms = round(1000 * (time.monotonic() - self._start_s), 3)
        self._line = replace(self._line, passages=passages, ms=ms, reason=SEARCHED)
        if self._settings.audit == "required":
            self._write()
        else:
            self._write_if_possible()

    def over(self, grounded: Grounded, *, reached: bool) -> None:
        """How it ended; a disk that fails then costs the line, and that is said.

        Args:
            reached: Whether a model read what was sent.
        """
        from sparing.retrieval.line import cited_in

        line = replace(self._line, reached=reached, wider=grounded.widened)
        if (checked := grounded.checked) is not None:
            numbers = {citation.number for citation in checked.citations}
            line = replace(
                line,
                passages=cited_in(line.passages, grounded.retrieved.sources, numbers),
                claims=len(checked.claims),
                unsupported=len(checked.unsupported),
            )
        self._line = line
        self._write_if_possible()

    def _write_if_possible(self) -> None:
        if self._settings.audit == "off":
            return
        try:
            self._write()
        except RecordError as error:
            note(f"what was fetched is not written down: {error.message}")

    def _write(self) -> None:
        from sparing.record.retrievals import RetrievalLog
        from sparing.settings.paths import retrievals_file

        with RetrievalLog(retrievals_file(self._settings, os.environ)) as log:
            log.add([self._line])
            log.purge(time.time() - self._settings.audit_days * 86_400)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""
