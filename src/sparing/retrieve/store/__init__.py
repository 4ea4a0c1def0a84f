"""Where passages are kept, each for those who may read it."""

from sparing.retrieve.store.where import DEFAULT, open_store

__all__ = ["DEFAULT", "open_store"]
