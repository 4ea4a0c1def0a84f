"""The tools that a request declares: shortened, and of a large catalogue only those that are needed."""
