"""Retrieval as one call: found in a store, shortened by the one planner."""
