"""What is loaded once per process, loaded before anyone measures, waits or runs out of time."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from sparing import registry
from sparing.errors import SettingsError
from sparing.tokens.models import counter_for


@lru_cache
def warm_up(*models: str) -> None:
    """Load the vocabularies of these models, the reducers, the guards, the calibration; check the selector's files.

    Takes about a second, the first time. The selector's models are loaded when they are first needed; what they
    run on is here.
    """
    from sparing.plan.calibration import calibration_in  # its format takes long to import; commands import this file
    from sparing.select.installed import installed  # likewise

    for name in registry.names("reducers"):
        with suppress(SettingsError):  # said when its content comes by; the other reducers work
            registry.load("reducers", name)
    for name in registry.names("guards"):
        registry.load("guards", name)
    if "static" not in installed().missing:
        from sparing.select import selector  # noqa: F401  numpy, which only the extra has
    calibration_in()
    for model in models:
        counter_for(model).count("a")
