"""Claims that a passage bears out and claims that it does not, made from public data."""
