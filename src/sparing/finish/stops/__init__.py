"""Ending an answer that grows longer than it should: one file per wire format."""
