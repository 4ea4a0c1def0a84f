"""Receipts and metrics: counts, hashes and reasons; never text."""
