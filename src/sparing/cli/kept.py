"""The store of what was left out, as the settings place it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparing.cli.batch import Batch
    from sparing.record.elided import SqliteElided
    from sparing.record.summaries import SqliteSummaries
    from sparing.settings.tree import RecallSettings

_TENANT = "command line"


def open_elided(recall: RecallSettings, *, must_exist: bool = False) -> SqliteElided:
    """Open it.

    Raises:
        RecordError: It cannot be opened, or is not there and must be.
    """
    from sparing.record.elided import SqliteElided
    from sparing.settings.paths import recall_file

    path = recall_file(recall, os.environ)
    keep_s = recall.keep_hours * 3600
    return SqliteElided(path, keep_s=keep_s, max_bytes=recall.max_bytes, must_exist=must_exist)


def open_summaries(recall: RecallSettings) -> SqliteSummaries:
    """Where summaries of old results are kept: beside what was left out, and as long."""
    from sparing.record.summaries import SqliteSummaries
    from sparing.settings.paths import recall_file

    return SqliteSummaries(recall_file(recall, os.environ), keep_s=recall.keep_hours * 3600)


def keep_elided(recall: RecallSettings, batch: Batch) -> None:
    """Keep the texts that stand in a result with a handle.

    Raises:
        RecordError: They cannot be kept.
    """
    pairs = zip(batch.material, batch.results, strict=True)
    texts = [item.text for item, result in pairs if result.handle and f"({result.handle})" in batch.text]
    if texts:
        with open_elided(recall) as store:
            store.put(_TENANT, texts)
