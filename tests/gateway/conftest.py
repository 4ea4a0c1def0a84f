"""Fixtures: a scripted provider, and gateways in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import ScriptedUpstream
from store_gateway import fill

from sparing.finish.tighten import tighten
from sparing.testing.sample_answer import answer


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


@pytest.fixture(scope="session")
def warm() -> None:
    """What judges answers is loaded, so that no deadline waits for it."""
    tighten(answer(), question="Can a hat be returned?", most_tokens=100)


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of both tenants' documents."""
    fill(tmp_path / "kb.db", "geo.md", "legal.md", "secret.md")
    return tmp_path / "kb.db"


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """Where retrievals are written down."""
    return tmp_path / "audit.sqlite"
