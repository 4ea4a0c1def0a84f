"""Counting text per model family, and the token formulas of messages, tools and images."""
