"""What is loaded once per process, loaded before anyone measures, waits or runs out of time."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from sparing import registry
from sparing.errors import SettingsError
from sparing.tokens.models import counter_for


@lru_cache
def warm_up(*models: str) -> None:
    """Load the vocabularies of these models, the reducers and the guards; check the selector's files.

    Takes about a second, the first time. The selector's models are loaded when they are first needed.
    """
    from sparing.select.installed import installed  # msgspec

    for name in registry.names("reducers"):
        with suppress(SettingsError):  # said when its content comes by; the other reducers work
            registry.load("reducers", name)
    for name in registry.names("guards"):
        registry.load("guards", name)
    installed()
    for model in models:
        counter_for(model).count("a")
