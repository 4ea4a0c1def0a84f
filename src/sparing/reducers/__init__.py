"""Reducers: one way of shrinking text per file. Each offers a ladder; none knows of sockets, logs or budgets."""
