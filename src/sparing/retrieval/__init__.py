"""Passages for a question within a budget: what was found goes through the one planner, which says how much of each."""

from __future__ import annotations

from sparing.retrieval.fetch import retrieve
from sparing.retrieval.sources import Retrieved, Source, heading_of

__all__ = ["Retrieved", "Source", "heading_of", "retrieve"]
