"""Fixtures: a scripted provider, and gateways in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import ScriptedUpstream


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as running:
        yield running


@pytest.fixture
def start(upstream: ScriptedUpstream) -> Iterator[Callable[..., RunningGateway]]:
    """Starts gateways with the options of `run_gateway`, and stops them."""
    started: list[RunningGateway] = []

    def run(**options: Any) -> RunningGateway:
        started.append(run_gateway(upstream, **options))
        return started[-1]

    yield run
    for running in started:
        running.stop()


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start()
