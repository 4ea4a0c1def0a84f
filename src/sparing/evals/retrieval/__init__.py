"""Which passages of a pool are found for a question."""
