"""What was used of quotas, as the settings say where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparing.plan.quota.store import QuotaStore
    from sparing.settings import Settings


def open_quota(settings: Settings) -> QuotaStore | None:
    """The store; None where nothing is limited, or this process alone counts."""
    if not (settings.tenants or settings.policies) or settings.quota.path == "memory":
        return None
    from sparing.plan.quota.sqlite import SqliteQuota
    from sparing.settings.paths import quota_file

    return SqliteQuota(quota_file(settings.quota, os.environ), lease_s=settings.quota.lease_s)
