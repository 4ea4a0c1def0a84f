"""One scoreboard row per file; each is registered under the entry-point group ``sparing.tasks``."""
