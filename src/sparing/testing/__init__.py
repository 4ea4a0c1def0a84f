"""What people who extend Sparing need to test their own parts."""

from __future__ import annotations

from sparing.testing.check_reducer import check_reducer
from sparing.testing.hostile import hostile_texts
from sparing.testing.models import CannedAnswer, FakeModel, ReplayModel
from sparing.testing.samples import sample_texts

__all__ = ["CannedAnswer", "FakeModel", "ReplayModel", "check_reducer", "hostile_texts", "sample_texts"]
