"""What is loaded once per process, loaded before anyone measures or waits."""

from __future__ import annotations

from collections.abc import Iterable


def warm_up(models: Iterable[str]) -> None:
    """Load the vocabularies of these models, the reducers and the guards."""
    from sparing import registry
    from sparing.tokens.models import counter_for

    for group in ("reducers", "guards"):
        for name in registry.names(group):
            registry.load(group, name)
    for model in models:
        counter_for(model).count("a")
